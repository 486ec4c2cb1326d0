-- A write was heard: its marks and entries are gone, and the processes that only Redis reaches are told. 1 if it was
-- news; every process says it, and the first one is enough.
-- KEYS: the word's own key, then what to delete.  ARGV: how long the word is remembered in ms, channel, word.
if not redis.call('SET', KEYS[1], '1', 'NX', 'PX', ARGV[1]) then
  return 0
end
for i = 2, #KEYS do
  redis.call('UNLINK', KEYS[i])
end
redis.call('PUBLISH', ARGV[2], ARGV[3])
return 1
