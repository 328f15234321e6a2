"""Whether anything is on its way through Redis: asked hundreds of times a second, in one call."""

from __future__ import annotations

from redis import Redis

from reminders.services.streams import EVENTS_STREAM, INTAKE_GROUP, RECEIPTS_STREAM

_STREAMS = (EVENTS_STREAM, RECEIPTS_STREAM)
QUEUES = "queues"  # what is said of Celery's, and of what a worker took and has not acknowledged
# A pipeline of as many commands as there are streams and queues costs its caller five times this.
_SCRIPT = """
local function read_up(stream)
  if redis.call('EXISTS', stream) == 0 then return true end
  local written = redis.call('XINFO', 'STREAM', stream)
  local last
  for i = 1, #written, 2 do
    if written[i] == 'last-generated-id' then last = written[i + 1] end
  end
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
    local of = {}
    for i = 1, #group, 2 do of[group[i]] = group[i + 1] end
    if of['name'] == ARGV[1] then
      return of['pending'] == 0 and of['last-delivered-id'] == last
    end
  end
  return false
end
local streams = tonumber(ARGV[2])
for i = 1, streams do
  if not read_up(KEYS[i]) then return KEYS[i] end
end
for i = streams + 1, #KEYS do
  if redis.call('LLEN', KEYS[i]) > 0 then return ARGV[3] end
end
return redis.call('HLEN', 'unacked') > 0 and ARGV[3] or ''
"""


def moving(redis: Redis, queues: tuple[str, ...]) -> str:
    """The stream that its group has not read and acknowledged, or `queues`; "" if all is still.

    A stream that nobody ever wrote to is still. One that nobody ever read is not.
    """
    script = redis.register_script(_SCRIPT)
    found = script(keys=(*_STREAMS, *queues), args=(INTAKE_GROUP, len(_STREAMS), QUEUES))
    return found.decode() if isinstance(found, bytes) else str(found)
