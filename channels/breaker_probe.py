"""The breaker's Lua for probes: how many messages may show whether a provider works again."""

from __future__ import annotations

from channels.breaker_script import COMMON

# told: rows of {provider, wanted}. Answers how many of them may go as probes now.
#
# The next probe waits for what became of the last. A clock that stands still has no seconds to
# hand them out by: there the good ones allow as many again.
PROBE = (
    COMMON
    + """
local granted = {}
for _, row in ipairs(told) do
  local subject, wanted = row[1], row[2]
  use(subject)
  local h = load(subject)
  tick(subject, h)
  local n = 0
  if h.st == 'half_open' then
    local good, last = tonumber(h.ok or '0'), tonumber(h.la or '0')
    local unknown = math.max(0, tonumber(h.gr or '0') - good)
    if now - last >= r.probe_lost then unknown = 0 end
    local size = g.frozen and math.max(1, good) or 1
    if g.frozen or now - last >= 1000 then
      n = math.max(0, math.min(wanted, size - unknown, r.probes - good - unknown))
    end
    if n > 0 then
      redis.call('HSET', g.prefix .. subject, 'la', string.format('%.0f', now),
        'gr', string.format('%.0f', good + unknown + n))
    end
  end
  granted[#granted + 1] = n
end
return granted
"""
)
