"""The breaker's Lua: the one place that counts, judges and moves, so that every worker agrees.

A subject is a provider, or `provider|range`. Its hash `<prefix><subject>` holds

    st sh at un cd why cause deaf ok     state, share, since (ms), open until, cool-down, reason,
                                         what opened it, business second before which
                                         confirmations say nothing, good probes
    gr la                                probes handed out, and when the last ones were (ms)
    o<sec> f<sec> s<sec> b<sec>          calls that were ok, failed, slow, busy
    ua ub                                calls before those, and how many of them were bad
    a<cohort> n<cohort> heard            messages that arrived, and that did not; 1 if it ever said

and `<prefix><subject>:w` what is awaited: `<cohort>.<cohort of its end>` → accepted messages of
which nothing was heard.

KEYS: the set of subjects that are not closed, the stream of shifts. ARGV: JSON of the rules and
the clocks, JSON of what is told. The keys share one hash tag: a cluster keeps them together.
"""

from __future__ import annotations

from channels.breaker_delivery import CONFIRMED, DELIVERY
from channels.breaker_run import CARRIED, RUN

_CORE = """
local unwell, shifts = KEYS[1], KEYS[2]
local g = cjson.decode(ARGV[1])
local told = cjson.decode(ARGV[2])
local r = g.rules
local now = g.now
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local USUAL = 5000 -- calls by which its usual share is known; of more the older count half
local sec, business = math.floor(now / 1000), g.business or math.floor(now / 1000)

-- From here on `r` are the rules of this provider.
local function use(provider) r = g.of[provider] or g.rules end
local function provider_of(subject) return string.match(subject, '^[^|]*') end
local function subject_of(provider, range)
  return provider .. ((range == '') and '' or ('|' .. range))
end

local function load(subject)
  local flat, h = redis.call('HGETALL', g.prefix .. subject), {}
  for i = 1, #flat, 2 do h[flat[i]] = flat[i + 1] end
  h.st, h.sh, h.at = h.st or 'closed', tonumber(h.sh or '1'), tonumber(h.at or '0')
  return h
end

-- Counts since `from`. What no window needs any more is its usual share, and deleted on the way.
local function calls(subject, h, from)
  local sums, old = {o = 0, f = 0, s = 0, b = 0, late = 0}, {}
  local all, bad = tonumber(h.ua or '0'), tonumber(h.ub or '0')
  for field, value in pairs(h) do
    local kind, at = string.match(field, '^([ofsb])(%d+)$')
    if kind then
      at = tonumber(at)
      if at >= from then
        sums[kind] = sums[kind] + tonumber(value)
        if kind == 's' then sums.late = sums.late + 1 end
      elseif at <= sec - r.window then
        old[#old + 1], all = field, all + tonumber(value)
        if kind == 'f' or kind == 's' then bad = bad + tonumber(value) end
      end
    end
  end
  if #old > 0 and #old < 4000 then
    redis.call('HDEL', g.prefix .. subject, unpack(old))
    for i = 1, #old do h[old[i]] = nil end
    if all > USUAL then all, bad = all / 2, bad / 2 end
    h.ua, h.ub = tostring(all), tostring(bad)
    redis.call('HSET', g.prefix .. subject, 'ua', h.ua, 'ub', h.ub)
  end
  sums.all = sums.o + sums.f + sums.s + sums.b
  return sums
end

local function wipe(subject, h, pattern)
  local gone = {}
  for field in pairs(h) do
    if string.match(field, pattern) then gone[#gone + 1] = field end
  end
  for i = 1, #gone do
    redis.call('HDEL', g.prefix .. subject, gone[i])
    h[gone[i]] = nil
  end
end

local function move(subject, h, after, share, why, figures)
  local before = h.st
  wipe(subject, h, '^[ofsb]%d+$')
  h.st, h.sh, h.at, h.why = after, share, now, why
  redis.call('HSET', g.prefix .. subject, 'st', after, 'sh', tostring(share),
    'at', string.format('%.0f', now), 'why', why, 'ok', '0', 'gr', '0', 'la', '0')
  h.ok = '0'
  if after == 'closed' then redis.call('SREM', unwell, subject)
  else redis.call('SADD', unwell, subject) end
  redis.call('XADD', shifts, 'MAXLEN', '~', '10000', '*', 'subject', subject, 'before', before,
    'after', after, 'share', tostring(share), 'why', why, 'figures', cjson.encode(figures),
    'business', string.format('%.0f', g.business or -1))
end

"""

_MOVING = """
local function open(subject, h, cause, why, figures, asked)
  local base = (cause == 'delivery') and r.cool_delivery or r.cool
  local cool = tonumber(h.cd or '0') * 2
  if h.st == 'closed' and now - h.at > r.calm then cool = 0 end
  cool = asked or math.min(math.max(cool, base), math.max(base, r.cool_max))
  if cause == 'delivery' then
    wipe(subject, h, '^[an]%d+$')
    redis.call('DEL', g.prefix .. subject .. ':w')
  end
  local lasts = asked or math.max(cool, carried(subject))
  h.un, h.cause = now + lasts, cause
  redis.call('HSET', g.prefix .. subject, 'un', string.format('%.0f', h.un), 'cause', cause,
    'cd', string.format('%.0f', asked and base or cool))
  if cause == 'delivery' then
    redis.call('HSET', g.prefix .. subject, 'deaf', string.format('%.0f', business))
    h.deaf = business
  end
  figures.cool_down_s = math.floor(lasts / 1000)
  move(subject, h, 'open', 0, why, figures)
end

local function percent(part, whole) return string.format('%.0f %%', 100 * part / whole) end
"""

_JUDGING = """
local function figures_of(sums, window)
  return {calls = sums.all, failed = sums.f, slow = sums.s, busy = sums.b, window_s = window}
end

local function judge_calls(subject, h)
  local few = h.st == 'returning'
  local looks = {{r.quick, r.quick_calls}, {r.window, r.window_calls}}
  for i = 1, #looks do
    local window, least = looks[i][1], looks[i][2]
    local sums = calls(subject, h, sec - window + 1)
    local why = bad(sums, few and r.probes or least, few and 3 or r.least_bad)
    if why then return open(subject, h, 'calls', why, figures_of(sums, window)) end
    if sums.all >= least and sums.b >= r.least_bad and sums.b >= r.busy * sums.all then
      local share = math.max(r.steps[1], h.sh / 2)
      return move(subject, h, 'returning', share,
        percent(sums.b, sums.all) .. ' of calls told to slow down', figures_of(sums, window))
    end
  end
  if few then return end
  local why, sums, seconds = run(subject, h)
  if why then return open(subject, h, 'calls', why, figures_of(sums, seconds)) end
end

local function rise(subject, h)
  local sums = calls(subject, h, 0)
  if g.frozen then
    if sums.o < math.max(r.step_calls, r.probes) and now - h.at < 10 * r.step then return end
  else
    if now - h.at < r.step then return end
    if sums.o < r.step_calls and now - h.at < 10 * r.step then return end
  end
  if h.cause == 'delivery' then
    local _, all = delivery(subject, h, 0)
    local least = r.told_again
    -- A range, or one of little weight, may never get so many at a time: cohorts are forgotten.
    -- A day after it opened, what is known has to do.
    local opened = tonumber(h.deaf or '0')
    if business - opened >= g.rules.span then least = math.max(1, math.min(least, all)) end
    if all < least then return end
    local range = string.match(subject, '|(.*)$') or ''
    local why, poor_figures = poor(subject, h, provider_of(subject), range, least, 0)
    if why then return open(subject, h, 'delivery', why, poor_figures) end
  end
  local figures = figures_of(sums, math.floor((now - h.at) / 1000))
  for _, share in ipairs(r.steps) do
    if share > h.sh + 1e-9 then
      return move(subject, h, 'returning', share, 'healthy at ' .. percent(h.sh, 1), figures)
    end
  end
  redis.call('HDEL', g.prefix .. subject, 'cause')
  move(subject, h, 'closed', 1, 'healthy at ' .. percent(h.sh, 1), figures)
end

-- What time alone changes.
local function tick(subject, h)
  if h.st == 'open' and now >= tonumber(h.un or '0') then
    -- Nobody hands out probes of one range: a little of its traffic does.
    local share = string.find(subject, '|', 1, true) and r.steps[1] or r.probing
    local figures = {was_open_s = (now - h.at) / 1000}
    move(subject, h, 'half_open', share, 'cooled down after: ' .. (h.why or ''), figures)
  elseif h.st == 'returning' then
    rise(subject, h)
  end
end
"""
COMMON = _CORE + CARRIED + _MOVING + DELIVERY + RUN + _JUDGING
CONFIRM = COMMON + CONFIRMED

STAND = (
    COMMON
    + """
local found = {}
for _, subject in ipairs(redis.call('SMEMBERS', unwell)) do
  local h = load(subject)
  use(provider_of(subject))
  tick(subject, h)
  if h.st ~= 'closed' then found[#found + 1] = {subject, h.st, tostring(h.sh), h.why or ''}
  else redis.call('SREM', unwell, subject) end
end
return found
"""
)

# told: rows of {provider, range, kind, seconds, wait asked for, count}; providers stand before
# their ranges.
NOTE = (
    COMMON
    + """
local seen, order, looked_at = {}, {}, {}
for _, subject in ipairs(redis.call('SMEMBERS', unwell)) do looked_at[subject] = true end
for _, row in ipairs(told) do
  if row[3] ~= 'o' then looked_at[row[1] .. '|' .. row[2]] = true end
end

-- Good calls of a range that is well change nothing but its counts: a batch has many such ranges,
-- and to read them all would hold Redis up.
local function count_good(subject, count)
  local field = 'o' .. string.format('%.0f', sec)
  if redis.call('HINCRBY', g.prefix .. subject, field, count) > count then return end
  redis.call('PEXPIRE', g.prefix .. subject, r.keep)
  if sec % 16 == 0 then calls(subject, load(subject), sec) end
end

local function take(row)
  local provider, range, kind, seconds, asked, count = unpack(row, 1, 6)
  local subject = subject_of(provider, range)
  use(provider)
  if range ~= '' and not looked_at[subject] then return count_good(subject, count) end
  local h = seen[subject]
  if not h then
    h = load(subject)
    h.provider, h.range = provider, range
    seen[subject], order[#order + 1] = h, subject
    tick(subject, h)
  end
  -- What began before the last shift says nothing of the time since. A clock that stands still
  -- while calls go on cannot tell; there no call outlives its moment.
  local fresh = h.st == 'closed' or g.frozen or now - seconds * 1000 >= h.at
  if asked >= r.pause and h.st ~= 'open' then
    asked = math.min(asked, r.pause_max)
    open(subject, h, 'calls', 'asked to wait ' .. asked .. ' s', {asked_s = asked}, asked * 1000)
  elseif fresh and h.st == 'half_open' then
    if kind ~= 'o' then
      open(subject, h, h.cause or 'calls', 'a probe failed', {probes = tonumber(h.ok or '0')})
    else
      h.ok = tostring(redis.call('HINCRBY', g.prefix .. subject, 'ok', count))
    end
  elseif fresh and h.st ~= 'open' then
    local field = kind .. string.format('%.0f', sec)
    h[field] = tostring(redis.call('HINCRBY', g.prefix .. subject, field, count))
  end
end

for _, row in ipairs(told) do take(row) end
for _, subject in ipairs(order) do
  local h = seen[subject]
  use(h.provider)
  -- A range is judged on its own only while its provider is well: else each would open with it.
  local whole = (h.range == '') and h or seen[h.provider] or load(h.provider)
  if h.range == '' or whole.st == 'closed' then
    if h.st == 'half_open' and tonumber(h.ok or '0') >= r.probes then
      local probes = {probes = tonumber(h.ok)}
      move(subject, h, 'returning', r.steps[1], h.ok .. ' probes were good', probes)
    elseif h.st == 'closed' or h.st == 'returning' then
      judge_calls(subject, h)
    end
  end
  redis.call('PEXPIRE', g.prefix .. subject, r.keep)
end
return 0
"""
)
