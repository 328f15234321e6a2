"""The breaker's Lua for confirmed delivery: what arrived of what was sent, cohort by cohort."""

from __future__ import annotations

from channels.breaker_script import COMMON

# told: rows of {provider, range, cohort, arrived, not arrived}.
CONFIRM = (
    COMMON
    + """
-- Arrived and told of, over the cohorts that are mature.
local function delivery(subject, h)
  local arrived, all, old = 0, 0, {}
  for field, value in pairs(h) do
    local kind, cohort = string.match(field, '^([an])(%d+)$')
    if kind then
      local starts = tonumber(cohort) * r.cohort
      if starts < business - r.span then old[#old + 1] = field
      elseif starts + r.cohort + r.mature <= business then
        all = all + tonumber(value)
        if kind == 'a' then arrived = arrived + tonumber(value) end
      end
    end
  end
  if #old > 0 and #old < 4000 then redis.call('HDEL', r.prefix .. subject, unpack(old)) end
  return arrived, all
end

-- Why it delivers too little, if it does, and the figures.
local function poor(subject, h, provider, range)
  local arrived, all = delivery(subject, h)
  local theirs, of = 0, 0
  for _, peer in ipairs(r.peers[provider] or {}) do
    local name = peer .. ((range == '') and '' or ('|' .. range))
    local a, n = delivery(name, load(name))
    theirs, of = theirs + a, of + n
  end
  local figures = {arrived = arrived, told = all, others_arrived = theirs, others_told = of}
  if all < r.told then return nil, figures, all end
  local share = arrived / all
  if of >= r.told then
    if share < theirs / of - r.gap then
      return percent(arrived, all) .. ' delivered, others ' .. percent(theirs, of), figures, all
    end
  elseif range == '' and share < r.floor then
    return percent(arrived, all) .. ' delivered', figures, all
  end
  return nil, figures, all
end

local seen, order = {}, {}
local function count_arrived(subject, cohort, arrived)
  local deaf = tonumber(redis.call('HGET', r.prefix .. subject, 'deaf') or '0')
  if cohort * r.cohort < deaf or cohort * r.cohort < business - r.span then return end
  local field = 'a' .. string.format('%.0f', cohort)
  if redis.call('HINCRBY', r.prefix .. subject, field, arrived) > arrived then return end
  redis.call('PEXPIRE', r.prefix .. subject, r.keep)
  delivery(subject, load(subject))
end

local lost = {}
for _, row in ipairs(told) do
  if row[5] > 0 then lost[row[1] .. '|' .. row[2]] = true end
end

local function take(row)
  local provider, range, cohort = row[1], row[2], row[3]
  local subject = provider .. ((range == '') and '' or ('|' .. range))
  if range ~= '' and not lost[subject] then return count_arrived(subject, cohort, row[4]) end
  if not seen[subject] then
    local h = load(subject)
    h.provider, h.range = provider, range
    seen[subject], order[#order + 1] = h, subject
  end
  local h = seen[subject]
  if cohort * r.cohort >= tonumber(h.deaf or '0') and cohort * r.cohort >= business - r.span then
    for i, kind in ipairs({'a', 'n'}) do
      local count, field = row[3 + i], kind .. string.format('%.0f', cohort)
      if count > 0 then
        h[field] = tostring(redis.call('HINCRBY', r.prefix .. subject, field, count))
      end
    end
  end
end

for _, row in ipairs(told) do take(row) end
for _, subject in ipairs(order) do
  local h = seen[subject]
  if h.st == 'closed' or (h.st == 'returning' and h.cause == 'delivery') then
    local why, figures = poor(subject, h, h.provider, h.range)
    if why then open(subject, h, 'delivery', why, figures) end
  end
  redis.call('PEXPIRE', r.prefix .. subject, r.keep)
end
return 0
"""
)
