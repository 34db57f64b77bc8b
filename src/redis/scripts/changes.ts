/** More changes than this between two reads of the log: clearing the memory is cheaper than following them. */
export const MAX_CHANGES_READ = 1000

/**
 * Lua function that reads the change log from a cursor. It begins with the entry at the cursor itself, so that a reader
 * who does not find it there knows that the log has a gap (trimmed, or Redis forgot everything). Without a cursor it
 * returns only the newest entry, making one if the log is empty.
 */
export const READ_CHANGES = `
local function changes(stream, cursor)
  if cursor ~= '' then return redis.call('XRANGE', stream, cursor, '+', 'COUNT', ${MAX_CHANGES_READ}) end
  local newest = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)
  if #newest == 0 then
    redis.call('XADD', stream, '*', 'c', '')
    newest = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)
  end
  return newest
end`
