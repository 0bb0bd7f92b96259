// What the tests of tokens share, no tests itself.

import type { SimulatorOptions } from "../../../simulator/server";
import { type Client, PATH, simulate } from "../client";

export const CONSTRAINED = `${PATH}Constrained`;
export const MINUTE = 60_000;

export const tooMany = { code: 1011, reason: "Token has been used too many times" };
export const tooOld = { code: 1011, reason: "Token has expired" };
export const expired = { code: 1011, reason: "auth token has expired" };
export const noToken = {
  code: 1007,
  reason:
    "Missing or malformed auth token in request. Obtain one from CreateAuthToken and pass it in an `access_token` query parameter".slice(
      0,
      123,
    ),
};

interface Answer {
  name?: string;
  error?: { code: number; message: string; status: string };
}

/** Starts a simulator for tests that make tokens and use them. */
export async function withTokens(options: SimulatorOptions = {}) {
  const simulation = await simulate(options);
  const { simulator, clock, at } = simulation;
  const post = (body?: RequestInit["body"], path = "/v1beta/auth_tokens?key=any", init: RequestInit = {}) =>
    fetch(simulator.url + path, { method: "POST", body, ...init });
  /** What the server says to a request for a token. */
  const order = async (body?: object, path?: string, init?: RequestInit) => {
    const response = await post(body && JSON.stringify(body), path, init);
    return { status: response.status, ...((await response.json()) as Answer) };
  };
  /** A new token. */
  const mint = async (body?: object) => (await order(body)).name!;
  /** The time in `ms` milliseconds, as tokens are ordered with it. */
  const time = (ms: number) => new Date(clock.date() + ms).toISOString();
  /** A client that shows a token, its handshake done. */
  const open = (token: string) => at(`${CONSTRAINED}?access_token=${token}`).opened();
  return { ...simulation, post, order, mint, time, open };
}

/** What a client's setup comes to: the kind of the first frame, or the close. */
export async function begun(client: Client, setup?: object) {
  await client.begin(setup);
  return client.kinds[0] ?? client.closed;
}
