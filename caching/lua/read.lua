-- An answer nothing of which was written since, else leave to put one there.
-- KEYS: entry, mark of all writes.  ARGV: prefix of marks, a new mark, how long marks live in ms.
-- Returns {1, ms left, header, value} or {0, run and mark of now}.
--
-- An entry names the marks of its tags as they were when it was begun. A write deletes marks, and nobody makes the
-- same one twice, so that a lost mark is a changed one. The server's run is a mark too: one that was restarted may
-- have come back with what it held some time ago, marks and entries alike.
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
local found = redis.pcall('GET', KEYS[1])
if type(found) == 'string' then
  local split = string.find(found, '\n', 1, true)
  local is_read, header = pcall(cjson.decode, string.sub(found, 1, (split or 1) - 1))
  local is_valid = is_read and type(header) == 'table' and header.run == run and type(header.marks) == 'table'
  if is_valid then
    for tag, mark in pairs(header.marks) do
      if redis.pcall('GET', ARGV[1] .. tag) ~= mark then
        is_valid = false
        break
      end
    end
  end
  if is_valid then
    return {1, redis.call('PTTL', KEYS[1]), string.sub(found, 1, split - 1), string.sub(found, split + 1)}
  end
end
if found then
  redis.call('UNLINK', KEYS[1]) -- out of date, or not ours at all
end
local mark = redis.pcall('GET', KEYS[2])
if type(mark) ~= 'string' then
  mark = ARGV[2]
  redis.call('SET', KEYS[2], mark)
end
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return {0, run .. mark}
