// What the tests of tokens share.

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

/** Starts a simulator for tests that request and use tokens. */
export async function withTokens(options: SimulatorOptions = {}) {
  const simulation = await simulate(options);
  const { simulator, clock, at } = simulation;
  const post = (body?: RequestInit["body"], path = "/v1beta/auth_tokens?key=any", init: RequestInit = {}) =>
    fetch(simulator.url + path, { method: "POST", body, ...init });
  /** The response to a token request. */
  const order = async (body?: object, path?: string, init?: RequestInit) => {
    const response = await post(body && JSON.stringify(body), path, init);
    return { status: response.status, ...((await response.json()) as Answer) };
  };
  /** The name of a new token. */
  const mint = async (body?: object) => (await order(body)).name!;
  /** The time `ms` from now, in the format of a token request. */
  const time = (ms: number) => new Date(clock.date() + ms).toISOString();
  /** A client with a token, after its handshake. */
  const open = (token: string) => at(`${CONSTRAINED}?access_token=${token}`).opened();
  return { ...simulation, post, order, mint, time, open };
}

/** The outcome of a client's setup: the kind of the first frame, or the close. */
export async function begun(client: Client, setup?: object) {
  await client.begin(setup);
  return client.kinds[0] ?? client.closed;
}
