// The atomic step of the shared store, run by Redis: who owns a conversation, until when, what is stored of it, and which tool results wait
// for its owner.

/**
 * KEYS[1] is the hash of one conversation: `owner`, `ends` (of the lease, milliseconds since 1970 by the clock of Redis), `fence`
 * (raised with each change of owner, and at least the time of that, so that it is a new one also when Redis has lost the last) and `data`.
 * KEYS[2] is the list of tool results that other instances pass to its owner: each is the fence of the owner that has taken it, a blank,
 * and the result.
 *
 * ARGV: what to do, the instance, its fence, the lease and the lifetime of the hash in milliseconds, and the data to store; "": as it is,
 * "-": none; or the result.
 *
 * To `claim`, `keep` or `release`, it replies `granted`, the fence, and to a claim the data and the milliseconds since its owner was last
 * heard of, else the number of results; or `held` and the owner, whose lease runs; or `refused`: another instance has become the owner
 * since. `anew`, as `granted`: Redis has lost what was stored.
 *
 * To `pass`: `passed` and the owner, "" if no lease runs; or `ended`: there is no conversation. To `withdraw`: `withdrawn` or `taken`, and
 * the owner. To `take`: `granted`, the fence and the results, which no other owner gets from now on; what an earlier one has taken is
 * deleted, because it may have been sent. Then to `applied`, which deletes them, or to `untake`: `granted`.
 */
export const OWNERSHIP_SCRIPT = `
local step, me, fence, lease, lifetime, data = unpack(ARGV)
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local owner, ends, current, stored = unpack(redis.call("HMGET", KEYS[1], "owner", "ends", "fence", "data"))
local runs = owner and owner ~= "" and tonumber(ends) > now
if step == "pass" then
  if not runs and not stored then return {"ended"} end
  redis.call("RPUSH", KEYS[2], " " .. data)
  redis.call("PEXPIRE", KEYS[2], lifetime)
  return {"passed", runs and owner or ""}
elseif step == "withdraw" then
  local count = redis.call("LREM", KEYS[2], 1, " " .. data)
  return {count > 0 and "withdrawn" or "taken", runs and owner or ""}
end
local reply, away = "granted", 0
if step == "claim" then
  if runs and owner ~= me then return {"held", owner} end
  away = now - (tonumber(ends) or now) + (owner and owner ~= "" and lease or 0)
  fence = string.format("%.0f", math.max((tonumber(current) or 0) + 1, now))
elseif not current then
  reply = "anew"
elseif current ~= fence then
  return {"refused", owner or ""}
end
if step == "take" or step == "applied" or step == "untake" then
  local results, left = {"granted", fence}, {}
  for _, entry in ipairs(redis.call("LRANGE", KEYS[2], 0, -1)) do
    local taker, result = entry:match("^(%d*) (.*)$")
    local isMine = taker == fence
    if step == "take" and (isMine or taker == "") then
      table.insert(results, result)
      table.insert(left, fence .. " " .. result)
    elseif step == "untake" and isMine then
      table.insert(left, " " .. result)
    elseif taker == "" then
      table.insert(left, entry)
    end
  end
  redis.call("DEL", KEYS[2])
  for _, entry in ipairs(left) do redis.call("RPUSH", KEYS[2], entry) end
  if #left > 0 then redis.call("PEXPIRE", KEYS[2], lifetime) end
  return results
end
local isOver = step == "release"
redis.call("HSET", KEYS[1], "owner", isOver and "" or me, "ends", isOver and now or now + lease, "fence", fence)
if data == "-" then redis.call("HDEL", KEYS[1], "data") elseif data ~= "" then redis.call("HSET", KEYS[1], "data", data) end
redis.call("PEXPIRE", KEYS[1], lifetime)
if step == "claim" then return {reply, fence, stored or "", tostring(away)} end
return {reply, fence, tostring(redis.call("LLEN", KEYS[2]))}
`;
