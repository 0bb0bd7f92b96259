// The result of a tool call that arrives at another instance than the one that has its conversation: with a real Redis.

import assert from "node:assert/strict";
import { hostname } from "node:os";
import { createClient } from "redis";
import { InputError } from "../../../live/server/errors";
import { opened } from "../../clean-up";
import { TestClock } from "../../clock";
import { Link } from "../../cluster/link";
import { deferred } from "../../inbox";
import { type RedisServer, startRedis } from "../../redis-server";
import { describeWithPrograms } from "../../sound-programs";
import { instance } from "./store-instance";

type Stored = Awaited<ReturnType<typeof instance>>;

/** Passes a result from an instance. Resolves when it is done, with the error if there is one. */
function pass({ store }: Stored, id = "call-1", response: object = { output: "22 °C" }) {
  const { promise, resolve } = deferred<InputError | undefined>();
  store.pass("kitchen", id, { response: { ...response } }, (error) =>
    resolve(error as InputError | undefined),
  );
  return promise;
}

/** The results that an instance has got. */
const results = ({ told }: Stored) => told.items.flatMap((each) => ("result" in each ? [each.result] : []));

/** The milliseconds after which Redis deletes each list of results that it holds. */
async function lifetimes(url: string) {
  const client = await createClient({ url }).connect();
  const keys = await client.keys("gemini-live:results:*");
  const ms = await Promise.all(keys.map((key) => client.pTTL(key)));
  client.destroy();
  return ms;
}

describeWithPrograms(["redis-server"], "a tool result at another instance", () => {
  let redis: RedisServer;
  beforeEach(async () => {
    redis = await startRedis();
  });

  /** An instance that owns the conversation, of which something is stored. */
  const owner = async (more: Parameters<typeof instance>[1] = {}) => {
    const its = await instance(redis.url, more);
    await its.store.claim("kitchen");
    its.store.write("kitchen", "an open call");
    return its;
  };

  it("goes to the owner, and is done when the owner has sent it, which keeps the conversation", async () => {
    const [first, second] = [await owner(), await instance(redis.url)];
    const isDone = pass(second);
    const { result, response, done } = await first.next("result");
    assert.deepEqual([result, response], ["call-1", { output: "22 °C" }]);
    done();
    assert.equal(await isDone, undefined);
    assert.equal(first.store.owns("kitchen"), true);
    assert.deepEqual(
      first.told.items.filter((each) => "asked" in each),
      [],
    );
  });

  it("gets the error of the owner, for example when the call was cancelled or has a result", async () => {
    const [first, second] = [await owner(), await instance(redis.url)];
    const isDone = pass(second);
    (await first.next("result")).done(new InputError("It was cancelled.", "GEMINI_CALL_ENDED"));
    const error = await isDone;
    assert.deepEqual([error?.code, error?.message], ["GEMINI_CALL_ENDED", "It was cancelled."]);
  });

  it("is an error at once when there is no such conversation", async () => {
    assert.equal((await pass(await instance(redis.url)))?.code, "GEMINI_CALL_ENDED");
  });

  it("keeps the order in which several results of one call came", async () => {
    const [first, second] = [await owner(), await instance(redis.url)];
    for (const id of ["1", "2", "3"]) void pass(second, id);
    for (const id of ["1", "2", "3"]) assert.equal((await first.next("result")).result, id);
  });

  it("waits for the next owner when the first one has died before it took it", async () => {
    const first = await owner({ clock: new TestClock(), canTake: () => false });
    const second = await instance(redis.url);
    const isDone = pass(second);
    const third = await instance(redis.url);
    await third.store.claim("kitchen");
    (await third.next("result")).done();
    assert.equal(await isDone, undefined);
    assert.deepEqual(results(first), []);
  });

  for (const [when, moves] of [
    ["before the result is taken", 1],
    ["after the result was taken, before it is sent", 2],
  ] as const)
    it(`goes with its conversation when that moves ${when}`, async () => {
      let asked = 0;
      const first = await owner({
        canTake: () => {
          asked += 1;
          if (asked === moves) first.store.release("kitchen");
          return asked === 1;
        },
      });
      const second = await instance(redis.url);
      const isDone = pass(second);
      await second.store.claim("kitchen");
      (await second.next("result")).done();
      assert.equal(await isDone, undefined);
      assert.deepEqual(results(first), []);
      await second.store.close();
      assert.deepEqual(await lifetimes(redis.url), []);
    });

  it("is never given to a second owner when the first one took it and was not heard of again: it may have been sent", async () => {
    const waiting = new TestClock();
    const isTaken = deferred();
    const link = await opened(Link.to(redis.url));
    const first = await instance(link.url, {
      onResult: () => {
        link.isCut = true;
        isTaken.resolve();
      },
    });
    await first.store.claim("kitchen");
    first.store.write("kitchen", "an open call");
    const second = await instance(redis.url, { clock: waiting });
    const isDone = pass(second);
    await isTaken.promise;
    const third = await instance(redis.url);
    await third.store.claim("kitchen");
    third.store.write("kitchen", "still an open call");
    void pass(third, "call-2");
    assert.equal((await third.next("result")).result, "call-2");
    assert.deepEqual(results(third), ["call-2"]);
    waiting.advance(10_000);
    const error = await isDone;
    assert.equal(error?.code, "GEMINI_ELSEWHERE");
    assert.match(
      error!.message,
      /"kitchen" takes place in another Node-RED.*call-1 may have been sent, and is not sent again/,
    );
    await third.store.close();
    assert.deepEqual(results(third), ["call-2"]);
    assert.deepEqual(await lifetimes(redis.url), []);
  });

  it("is withdrawn when the owner does not take it in 10 s, with an error that says where the conversation is", async () => {
    let canTake = false;
    const isAsked = deferred();
    const waiting = new TestClock();
    const first = await owner({
      canTake: () => {
        isAsked.resolve();
        return canTake;
      },
    });
    const second = await instance(redis.url, { clock: waiting });
    const isDone = pass(second);
    await isAsked.promise;
    const other = pass(await instance(redis.url), "call-2");
    const [ms, ...more] = await lifetimes(redis.url);
    assert.ok(ms! > 0 && ms! <= 60_000 && !more.length, `${ms} ms`);
    waiting.advance(10_000);
    const error = await isDone;
    assert.equal(error?.code, "GEMINI_ELSEWHERE");
    assert.ok(
      error!.message.includes(
        `on the machine ${hostname()}. The response to the tool call call-1 was not sent.`,
      ),
      error!.message,
    );
    canTake = true;
    (await first.next("result")).done();
    assert.equal(await other, undefined);
    assert.deepEqual(results(first), ["call-2"]);
  });

  it("is withdrawn, with an error, when its instance closes", async () => {
    const first = await owner({ canTake: () => false });
    const second = await instance(redis.url);
    const isDone = pass(second);
    await second.store.close();
    assert.match((await isDone)!.message, /call-1 was not sent/);
    assert.deepEqual(results(first), []);
  });

  it("is applied once when Redis hangs while the owner takes it", async () => {
    let isPaused = false;
    const first = await owner({
      canTake: () => {
        if (!isPaused) redis.pause();
        isPaused = true;
        return true;
      },
    });
    const second = await instance(redis.url);
    const isDone = pass(second);
    assert.match((await first.next("health")).health, /not answered/);
    redis.continue();
    (await first.next("result")).done();
    assert.equal(await isDone, undefined);
    void pass(second, "call-2");
    assert.equal((await first.next("result")).result, "call-2");
    assert.deepEqual(results(first), ["call-1", "call-2"]);
  });

  it("is applied once when the owner cannot tell Redis that it has sent it", async () => {
    const link = await opened(Link.to(redis.url));
    const sent: string[] = [];
    const first = await instance(link.url, {
      onResult: (_key, id, _result, done) => {
        sent.push(id);
        done();
        link.isCut = id === "call-1";
      },
    });
    await first.store.claim("kitchen");
    first.store.write("kitchen", "an open call");
    const second = await instance(redis.url);
    void pass(second);
    await first.next("health");
    link.isCut = false;
    link.drop();
    assert.equal((await first.next("health")).health, "well");
    assert.equal(await pass(second, "call-2"), undefined);
    assert.deepEqual(sent, ["call-1", "call-2"]);
  });

  it("is an error when Redis does not answer, and is not applied later", async () => {
    const [first, second] = [await owner(), await instance(redis.url)];
    await second.store.claim("hall");
    redis.pause();
    const error = await pass(second);
    assert.equal(error?.code, "GEMINI_UNREACHABLE");
    assert.match(error!.message, /call-1 could not be passed.*Redis has not answered for 1000 ms/);
    redis.continue();
    void pass(second, "call-2");
    assert.equal((await first.next("result")).result, "call-2");
    assert.deepEqual(results(first), ["call-2"]);
  });
});
