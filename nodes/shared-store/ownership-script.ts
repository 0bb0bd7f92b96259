// The atomic step of the shared store, run by Redis: who owns a conversation, until when, what is stored of it, and which tool results wait
// for its owner.

import { HANDLE_LIFETIME_MS } from "../../live/connection/resumption-handle";
import { LiveError } from "../../live/server/errors";
import type { Redis } from "./redis";

/** Milliseconds after which an owner that says nothing has lost a conversation. */
export const LEASE_MS = 3_000;
/** Milliseconds after which Redis deletes a tool result that nobody takes. */
const RESULT_LIFETIME_MS = 60_000;

/** What is asked of one conversation, as the script has it. */
export interface Step {
  /** As Seal.nameOf(). */
  name: string;
  step: "claim" | "keep" | "release" | "pass" | "withdraw" | "take" | "applied" | "untake";
  fence?: string | undefined;
  data?: string;
}

/**
 * One step for each of any number of conversations. An error of one is its reply, `failed` and the reason, and the others are done.
 *
 * KEYS has two for each conversation. The first is its hash: `owner`, `ends` (of the lease, milliseconds since 1970 by the clock of Redis), `fence`
 * (raised with each change of owner, and at least the time of that, so that it is a new one also when Redis has lost the last) and `data`.
 * The second is the list of tool results that other instances pass to its owner: each is the fence of the owner that has taken it, a blank,
 * and the result.
 *
 * ARGV: the instance, the lease, and the lifetimes of the hash and of the list in milliseconds. Then for each conversation what to do, its
 * fence, and the data to store; "": as it is, "-": none; or the result.
 *
 * To `claim`, `keep` or `release`, it replies `granted`, the fence, and to a claim the data and the milliseconds since its owner was last
 * heard of, else the number of results; or `held` and the owner, whose lease runs; or `refused`: another instance has become the owner
 * since. `anew`, as `granted`: Redis has lost what was stored.
 *
 * To `pass`: `passed` and the owner, "" if no lease runs; or `ended`: there is no conversation. To `withdraw`: `withdrawn` or `taken`, and
 * the owner. To `take`: `granted`, the fence and the results, which no other owner gets from now on; what an earlier one has taken is
 * deleted, because it may have been sent. Then to `applied`, which deletes them, or to `untake`: `granted`.
 */
const SCRIPT = `
local me, lease, lifetime, resultLifetime = unpack(ARGV)
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function keepResults(list, results)
  redis.call("DEL", list)
  for _, entry in ipairs(results) do redis.call("RPUSH", list, entry) end
  if #results > 0 then redis.call("PEXPIRE", list, resultLifetime) end
end

local function run(hash, list, step, fence, data)
  local owner, ends, current, stored = unpack(redis.call("HMGET", hash, "owner", "ends", "fence", "data"))
  local runs = owner and owner ~= "" and tonumber(ends) > now
  if step == "pass" then
    if not runs and not stored then return {"ended"} end
    redis.call("RPUSH", list, " " .. data)
    redis.call("PEXPIRE", list, resultLifetime)
    return {"passed", runs and owner or ""}
  elseif step == "withdraw" then
    local count = redis.call("LREM", list, 1, " " .. data)
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
    for _, entry in ipairs(redis.call("LRANGE", list, 0, -1)) do
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
    keepResults(list, left)
    return results
  end
  local isOver = step == "release"
  redis.call("HSET", hash, "owner", isOver and "" or me, "ends", isOver and now or now + lease, "fence", fence)
  if data == "-" then redis.call("HDEL", hash, "data") elseif data ~= "" then redis.call("HSET", hash, "data", data) end
  redis.call("PEXPIRE", hash, lifetime)
  if step == "claim" then return {reply, fence, stored or "", tostring(away)} end
  return {reply, fence, tostring(redis.call("LLEN", list))}
end

local replies = {}
for n = 1, #KEYS / 2 do
  local isDone, reply = pcall(run, KEYS[2 * n - 1], KEYS[2 * n], unpack(ARGV, 3 * n + 2, 3 * n + 4))
  replies[n] = isDone and reply or {"failed", type(reply) == "table" and reply.err or tostring(reply)}
end
return replies
`;

/** Runs many steps at once, which costs hardly more than one. The replies are in their order, errors among them. Rejects as Redis.eval(). */
export async function runSteps(redis: Redis, me: string, steps: readonly Step[]) {
  const keys = steps.flatMap(({ name }) => [
    `gemini-live:conversation:${name}`,
    `gemini-live:results:${name}`,
  ]);
  const common = [me, String(LEASE_MS), String(HANDLE_LIFETIME_MS), String(RESULT_LIFETIME_MS)];
  const values = steps.flatMap(({ step, fence = "", data = "" }) => [step, fence, data]);
  const replies = (await redis.eval(SCRIPT, { keys, arguments: [...common, ...values] })) as string[][];
  return replies.map((reply) =>
    reply[0] === "failed" ? new LiveError("GEMINI_UNREACHABLE", reply[1]!) : reply,
  );
}

/** Runs one step. Rejects also when Redis refuses it. */
export async function runStep(redis: Redis, me: string, step: Step): Promise<string[]> {
  const [reply] = await runSteps(redis, me, [step]);
  if (reply instanceof Error) throw reply;
  return reply!;
}
