"""The breaker's Lua for confirmed delivery: what arrived of what was sent, cohort by cohort.

Silence counts once the time in which a receipt was awaited is over: a provider that accepts
everything and delivers nothing says nothing else. A receipt that comes later takes it back. What
waits with us to be told is nobody's silence.
"""

from __future__ import annotations

# Cohorts are the same for all, whatever else a provider has of its own: they are compared.
DELIVERY = """
-- Cohorts before this say nothing: too old, or sent before it opened for them. What a provider
-- opened for is not held against its ranges once more when it is back.
local function since(subject, h)
  local whole = redis.call('HGET', g.prefix .. provider_of(subject), 'deaf')
  return math.max(business - g.rules.span, tonumber(h.deaf or '0'), tonumber(whole or '0'))
end

-- Messages that are awaited no more, by cohort of their sending: as far as all was heard by now.
local function silent(subject, from)
  local until_ = math.min(business, g.heard or business)
  local key, sums, old = g.prefix .. subject .. ':w', {}, {}
  local flat = redis.call('HGETALL', key)
  for i = 1, #flat, 2 do
    local sent, by = string.match(flat[i], '^(%d+)%.(%d+)$')
    sent, by = tonumber(sent), tonumber(by)
    if sent * g.rules.cohort < from then old[#old + 1] = flat[i]
    elseif (by + 1) * g.rules.cohort <= until_ then
      sums[sent] = (sums[sent] or 0) + math.max(0, tonumber(flat[i + 1]))
    end
  end
  if #old > 0 and #old < 4000 then redis.call('HDEL', key, unpack(old)) end
  return sums
end

-- Arrived, known, and silent among these, over the cohorts that ended `mature` seconds ago.
local function delivery(subject, h, mature)
  local arrived, all, unheard, old, from = 0, 0, 0, {}, since(subject, h)
  for field, value in pairs(h) do
    local kind, cohort = string.match(field, '^([an])(%d+)$')
    if kind then
      local starts = tonumber(cohort) * g.rules.cohort
      if starts < from then old[#old + 1] = field
      elseif mature == 0 or starts + g.rules.cohort + mature <= business then
        all = all + math.max(0, tonumber(value))
        if kind == 'a' then arrived = arrived + tonumber(value) end
      end
    end
  end
  for cohort, count in pairs(silent(subject, from)) do
    if mature == 0 or (cohort + 1) * g.rules.cohort + mature <= business then
      all, unheard = all + count, unheard + count
    end
  end
  if #old > 0 and #old < 4000 then redis.call('HDEL', g.prefix .. subject, unpack(old)) end
  return arrived, all, unheard
end

-- Why it delivers too little by `least` messages or more, if it does, and the figures.
local function poor(subject, h, provider, range, least, mature)
  local arrived, all, unheard = delivery(subject, h, mature)
  local theirs, of = 0, 0
  for _, peer in ipairs(g.peers[provider] or {}) do
    local name = subject_of(peer, range)
    local a, n = delivery(name, load(name), g.rules.mature)
    theirs, of = theirs + a, of + n
  end
  local figures = {
    arrived = arrived, told = all, silent = unheard, others_arrived = theirs, others_told = of
  }
  if all < least then return nil, figures end
  local said = percent(arrived, all) .. ((unheard * 2 > all) and ' confirmed' or ' delivered')
  local share = arrived / all
  if of >= r.told then
    if share < theirs / of - r.gap then
      return said .. ', others ' .. percent(theirs, of), figures
    end
  -- Of one that stands alone and never said a word of any message, nobody knows whether it is to
  -- blame or the way by which its receipts come.
  elseif range == '' and share < r.floor and (all > unheard or h.heard) then
    return said, figures
  end
  return nil, figures
end
"""

# told: rows of {provider, range, cohort, arrived, did not arrive, awaited: {cohort of its end →
# how many more}}; providers stand before their ranges. Counts may be below 0: taken back.
CONFIRMED = """
local seen, order = {}, {}
local function keep(subject)
  redis.call('PEXPIRE', g.prefix .. subject, r.keep)
end

local function await(subject, row)
  local first = false
  for by, count in pairs(row[6]) do
    local key = g.prefix .. subject .. ':w'
    local field = string.format('%.0f', row[3]) .. '.' .. by
    local left = redis.call('HINCRBY', key, field, count)
    -- Below 0: what was heard of before it was said to be awaited. Both are on their way at once.
    if left == 0 then redis.call('HDEL', key, field) end
    if left == count then
      first = first or count > 0
      redis.call('PEXPIRE', key, r.keep)
    end
  end
  return first
end

local function count(subject, cohort, arrived, lost)
  local first = false
  for kind, more in pairs({a = arrived, n = lost}) do
    if more ~= 0 then
      local field = kind .. string.format('%.0f', cohort)
      if redis.call('HINCRBY', g.prefix .. subject, field, more) == more then first = true end
    end
  end
  if first then
    redis.call('HSET', g.prefix .. subject, 'heard', '1')
    keep(subject)
  end
  return first
end

-- Judged is what lost a message, and whatever begins a cohort: then another one may be over.
for _, row in ipairs(told) do
  local provider, range, cohort = row[1], row[2], row[3]
  local subject = subject_of(provider, range)
  use(provider)
  local deaf = tonumber(redis.call('HGET', g.prefix .. subject, 'deaf') or '0')
  local starts = cohort * g.rules.cohort
  if starts >= deaf and starts >= business - g.rules.span then
    local begins = await(subject, row)
    begins = count(subject, cohort, row[4], row[5]) or begins
    if (begins or row[5] > 0) and not seen[subject] then
      seen[subject], order[#order + 1] = {provider = provider, range = range}, subject
    end
  end
end

for _, subject in ipairs(order) do
  local provider, range = seen[subject].provider, seen[subject].range
  use(provider)
  local h = load(subject)
  local watched = h.st == 'closed' or (h.st == 'returning' and h.cause == 'delivery')
  -- A range is judged on its own only while its provider is well: else each would open with it.
  if watched and (range == '' or load(provider).st == 'closed') then
    local least = (h.st == 'closed') and r.told or r.told_again
    local why, figures = poor(subject, h, provider, range, least, g.rules.mature)
    if why then open(subject, h, 'delivery', why, figures) end
  end
  keep(subject)
end
return 0
"""
