"""The breaker's Lua for little traffic: a run of bad calls that is no chance, and a rest long
enough that the probes after it are few among what others carry."""

from __future__ import annotations

CARRIED = """
-- How long the others need to carry so much that a run of probes is no more than `probing` of it;
-- 0 where nobody else is whole. At little traffic a few probes are a large part of it.
local function carried(subject)
  local provider, all, first, stands = provider_of(subject), 0, sec, false
  local names = {provider}
  for _, peer in ipairs(g.peers[provider] or {}) do
    stands = stands or load(peer).st == 'closed'
    names[#names + 1] = peer
  end
  if not stands then return 0 end
  for _, name in ipairs(names) do
    local key = name .. (string.match(subject, '|.*$') or '')
    for field, value in pairs(load(key)) do
      local at = tonumber(string.match(field, '^[ofsb](%d+)$') or '0')
      if at > sec - r.window then all, first = all + tonumber(value), math.min(first, at) end
    end
  end
  if all == 0 then return 0 end
  return math.min(r.cool_max, 1000 * r.probes / r.probing * (sec - first + 1) / all)
end
"""

RUN = """
-- Why these sums are too bad, if they are: that `part` of the limits is reached. `late` are the
-- seconds in which calls were slow: after a moment's stall, whatever was in flight is late at once.
-- A clock that stands still has no seconds to tell by.
local function bad(sums, least, least_bad, part)
  if sums.all < least then return nil end
  local failed, slow = r.failed * (part or 1), r.slow * (part or 1)
  local s = (g.frozen or sums.late >= 3) and sums.s or 0
  if sums.f >= least_bad and sums.f >= failed * sums.all then
    return percent(sums.f, sums.all) .. ' of calls failed'
  end
  if s >= least_bad and s >= slow * sums.all then
    return percent(s, sums.all) .. ' of calls slow'
  end
  if sums.f + s >= least_bad and sums.f + s >= math.max(failed, slow) * sums.all then
    return percent(sums.f + s, sums.all) .. ' of calls failed or slow'
  end
end

-- A run of bad calls up to now, over seconds, that its usual share would hardly ever bring
-- (Chernoff's bound). Little traffic needs no whole window for it, nor luck to pass the limits:
-- three quarters of them will do.
local function run(subject, h)
  local at, ticks = {}, {}
  for field, value in pairs(h) do
    local kind, when = string.match(field, '^([ofsb])(%d+)$')
    when = tonumber(when or '0')
    if kind and when > sec - r.window then
      if not at[when] then at[when], ticks[#ticks + 1] = {o = 0, f = 0, s = 0, b = 0}, when end
      at[when][kind] = at[when][kind] + tonumber(value)
    end
  end
  table.sort(ticks)
  local sums, seconds, runs = {o = 0, f = 0, s = 0, b = 0, all = 0, late = 0}, 0, {}
  for i = #ticks, 1, -1 do
    local tick = at[ticks[i]]
    for kind, count in pairs(tick) do
      sums[kind], sums.all = sums[kind] + count, sums.all + count
    end
    if tick.f + tick.s > 0 then seconds = seconds + 1 end
    if tick.s > 0 then sums.late = sums.late + 1 end
    local run = {all = sums.all, late = sums.late, seconds = seconds}
    for kind in pairs(tick) do run[kind] = sums[kind] end
    runs[i] = run
  end
  local all, poor = tonumber(h.ua or '0'), tonumber(h.ub or '0')
  for i = 1, #ticks do
    local found, tick = runs[i], at[ticks[i]]
    local why = found.seconds >= 3 and bad(found, r.run_bad, r.run_bad, 0.75)
    if why then
      -- Twice what is usual: no hour is like the other. Of a new one little is known.
      local usual = math.max(0.01, 2 * (poor + 1) / (all + 100))
      local share = (found.f + found.s) / found.all
      local odds = share * math.log(share / usual)
      if share < 1 then odds = odds + (1 - share) * math.log((1 - share) / (1 - usual)) end
      if share > usual and found.all * odds >= r.sure then
        return why, found, sec - ticks[i] + 1
      end
    end
    all, poor = all + tick.o + tick.f + tick.s + tick.b, poor + tick.f + tick.s
  end
end
"""
