// The atomic step of the shared store, run by Redis: who owns a conversation, until when, and what is stored of it.

/**
 * KEYS[1] is the hash of one conversation: `owner`, `ends` (of the lease, milliseconds since 1970 by the clock of Redis), `fence`
 * (raised with each change of owner) and `data`.
 *
 * ARGV: what to do (`claim`, `keep` or `release`), the instance, its fence, the lease and the lifetime of the hash in milliseconds, and the
 * data to store; "": as it is, "-": none.
 *
 * Replies `granted`, the fence, and to a claim the data and the milliseconds since its owner was last heard of; or `held` and the owner,
 * whose lease runs; or `refused`: another instance has become the owner since. `anew`, as `granted`: Redis has lost what was stored.
 */
export const OWNERSHIP_SCRIPT = `
local step, me, fence, lease, lifetime, data = unpack(ARGV)
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local owner, ends, current, stored = unpack(redis.call("HMGET", KEYS[1], "owner", "ends", "fence", "data"))
local reply, away = "granted", 0
if step == "claim" then
  if owner and owner ~= "" and owner ~= me and tonumber(ends) > now then return {"held", owner} end
  away = now - (tonumber(ends) or now) + (owner and owner ~= "" and lease or 0)
  fence = redis.call("HINCRBY", KEYS[1], "fence", 1)
elseif not current then
  reply = "anew"
elseif current ~= fence then
  return {"refused", owner or ""}
end
local isOver = step == "release"
redis.call("HSET", KEYS[1], "owner", isOver and "" or me, "ends", isOver and now or now + lease, "fence", fence)
if data == "-" then redis.call("HDEL", KEYS[1], "data") elseif data ~= "" then redis.call("HSET", KEYS[1], "data", data) end
redis.call("PEXPIRE", KEYS[1], lifetime)
return {reply, tostring(fence), step == "claim" and stored or "", tostring(away)}
`;
