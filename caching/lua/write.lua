-- Put an answer there, unless anything at all was written since it was begun; 1 if it is there.
-- KEYS: entry, mark of all writes.  ARGV: prefix of marks, a new mark, how long marks live in ms, run and mark as they
-- were when it was begun, its life in ms, its cost in seconds, the value, and its tags.
--
-- Which tags an answer has may be known from the answer alone, so their marks cannot be read before it is computed.
-- Read now, they are those of its beginning as long as nothing was written in between.
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
local now = redis.pcall('GET', KEYS[2])
if type(now) ~= 'string' or run .. now ~= ARGV[4] then
  return 0
end
local marks = {}
for i = 8, #ARGV do
  local key = ARGV[1] .. ARGV[i]
  local mark = redis.pcall('GET', key)
  if type(mark) ~= 'string' then
    mark = ARGV[2]
    redis.call('SET', key, mark)
  end
  redis.call('PEXPIRE', key, ARGV[3])
  marks[ARGV[i]] = mark
end
local header = cjson.encode({run = run, marks = marks, cost = ARGV[6]})
redis.call('SET', KEYS[1], header .. '\n' .. ARGV[7], 'PX', ARGV[5])
return 1
