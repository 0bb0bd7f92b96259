// One WebSocket to a Live server, opened through the SDK with our own socket factory: the only file that uses private parts of
// @google/genai. Without it, the SDK waits forever for a server that does not answer, gives no access to the socket before
// setupComplete, and turns an invalid frame into an unhandled rejection.

import { GoogleGenAI, type LiveServerMessage, type Session } from "@google/genai";
import WebSocket from "ws";
import type { Clock } from "../../audio/clock";
import { explainClose, explainCredentials, explainUnreachable } from "../server/close-codes";
import { ConnectionError, InputError, LiveError } from "../server/errors";
import { routeTo } from "../server/network";
import { redact, redactAll } from "../server/redaction";
import { readBody, refusedBy, refusedByResponse } from "../server/reported-error";
import type { Server } from "../server/server";
import { type FurtherSetup, mergeSetup } from "../setup/further-setup";
import type { Setup } from "../setup/setup";
import { readFrame, type UnknownField } from "./server-frame";

export interface SocketHandlers {
  /** One parsed frame, and its fields that this package does not know; an error that it throws goes to onBadFrame. */
  onFrame(frame: LiveServerMessage, unknown: readonly UnknownField[]): void;
  /** An invalid frame; the connection stays open. */
  onBadFrame(error: Error): void;
  /** The open connection has ended, but not by close(). */
  onClose(error: ConnectionError): void;
}

/** An open connection whose setup the server has accepted. */
export interface LiveSocket {
  readonly session: Session;
  /** Sends a message of the client, past the session. */
  readonly send: (json: Buffer) => void;
  /** Bytes that were sent but have not left this machine. */
  bufferedAmount(): number;
  /** Delivers the frames that have arrived since the setup, and then each new one. Call it once. */
  start(): void;
  /** Closes the connection without further reports. Resolves when the server confirms, or after one second. */
  close(): Promise<void>;
}

/** The socket interface of the SDK, which is private in its types. */
interface SdkSocketFactory {
  create(url: string, headers: Record<string, string>, callbacks: SdkCallbacks): SdkSocket;
}
interface SdkSocket {
  connect(): void;
  send(data: string): void;
  close(): void;
}
interface SdkCallbacks {
  onopen(): void;
  onmessage(event: { data: string }): void;
}

const SOCKET_OPTIONS = {
  /** Base64 sound hardly compresses, so compression is not worth its cost. */
  perMessageDeflate: false,
  /** Maximum frame size in bytes. */
  maxPayload: 32 * 1024 * 1024,
  /** Milliseconds within which the server must confirm a close. */
  closeTimeout: 1_000,
};

/** A Buffer is sent as a text frame, as all messages of the client are. */
const TEXT = { binary: false };

/**
 * Opens a connection and sends the setup. Rejects with a ConnectionError when the server cannot be reached, refuses, sends an
 * invalid answer or none in time, or when `signal` is aborted.
 */
export function openSocket(
  server: Server,
  setup: Pick<Setup, "model" | "config" | "extra">,
  handlers: SocketHandlers,
  /** Milliseconds from the call to the server's setupComplete. */
  timeoutMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<LiveSocket> {
  return new Promise((resolve, reject) => {
    let socket: WebSocket | undefined;
    /** Secrets that were sent, and that the server may quote. */
    let secrets: string[] = [];
    /** Aborts a connection to a proxy that is still being made. */
    const attempt = new AbortController();
    let phase: "opening" | "open" | "over" = "opening";
    /** setupComplete has arrived; the SDK resolves slightly later. */
    let accepted = false;

    const fail = (error: unknown) => {
      if (phase !== "opening") return;
      leave();
      reject(error);
    };
    const leave = () => {
      phase = "over";
      cancelTimeout();
      signal.removeEventListener("abort", onAbort);
      socket?.terminate();
      attempt.abort();
    };
    const onAbort = () =>
      fail(
        new ConnectionError({
          code: "GEMINI_ENDED",
          verdict: "passing",
          cause: "the conversation was ended",
          advice: "",
        }),
      );
    signal.addEventListener("abort", onAbort);
    const cancelTimeout = clock.after(timeoutMs, () => {
      const cause = `the server did not answer within ${timeoutMs / 1000} s`;
      const advice = "Check the server address.";
      fail(new ConnectionError({ code: "GEMINI_UNREACHABLE", verdict: "passing", cause, advice }));
    });
    if (signal.aborted) return onAbort();

    /** Frames that arrived before start(): the SDK resolves slightly after setupComplete. */
    let early: (() => void)[] | undefined = [];
    const deliver = (work: () => void) => {
      if (early) early.push(work);
      else work();
    };
    const receive = (data: Buffer, callbacks: SdkCallbacks) => {
      if (phase === "over") return;
      try {
        // Frames are text or binary; both occur.
        const text = data.toString();
        const { frame, wrong, unknown } = readFrame(text, (notice) => redactAll(secrets, notice));
        if (frame.setupComplete && !accepted) {
          accepted = true;
          callbacks.onmessage({ data: JSON.stringify({ setupComplete: frame.setupComplete }) });
        }
        const { error } = frame as { error?: unknown };
        if (!accepted) return error === undefined ? undefined : fail(refusedBy(error));
        deliver(() => handlers.onFrame(frame, unknown));
        if (!wrong.length) return;
        const problem = `Gemini Live: the server sent a frame in which ${wrong.join(", ")}; that part was ignored.`;
        deliver(() => handlers.onBadFrame(new LiveError("GEMINI_PROTOCOL", problem)));
      } catch (error) {
        if (accepted) handlers.onBadFrame(error as Error);
        else
          fail(
            new ConnectionError({
              code: "GEMINI_ADDRESS",
              verdict: "permanent",
              cause: "the server does not speak the Live protocol",
              advice: "Check the server address.",
            }),
          );
      }
    };

    const connect = (url: string, headers: Record<string, string>, callbacks: SdkCallbacks) => {
      const address = addressOf(url, server);
      const proof = { ...headers, ...proofOf(server) };
      secrets = secretsIn(proof, server);
      const ws = new WebSocket(address, {
        ...SOCKET_OPTIONS,
        ...routeTo(address, server.network, attempt.signal),
        headers: proof,
      });
      ws.on("unexpected-response", (_request, response) => {
        const refuse = (body: string) => fail(refusedByResponse(response.statusCode ?? 0, body, secrets));
        readBody(response).then(refuse, () => refuse(""));
      });
      let lastError: Error | undefined;
      ws.on("open", () => callbacks.onopen());
      ws.on("message", (data) => receive(data as Buffer, callbacks));
      ws.on("error", (error) => {
        lastError = error;
      });
      ws.on("close", (code, data) => {
        const reason = redact(secrets, data.toString());
        const error =
          code === 1006 && lastError && phase === "opening"
            ? new ConnectionError(explainUnreachable(lastError))
            : new ConnectionError(explainClose(code, reason), code, reason);
        if (phase === "open") {
          phase = "over";
          handlers.onClose(error);
        } else fail(error);
      });
      return ws;
    };

    const client = clientFor(server);
    replaceSocketFactory(client, {
      create(url, headers, callbacks) {
        return {
          connect: () => {
            if (phase === "opening") socket = connect(url, headers, callbacks);
          },
          send: (data) => socket?.send(phase === "opening" ? extendSetup(data, setup.extra) : data),
          close: () => socket?.close(),
        };
      },
    });
    const { model, config } = setup;
    client.live.connect({ model, config: structuredClone(config), callbacks: { onmessage() {} } }).then(
      (session) => {
        if (phase !== "opening") return;
        phase = "open";
        cancelTimeout();
        signal.removeEventListener("abort", onAbort);
        resolve({
          session,
          send: (json) => socket?.send(json, TEXT),
          bufferedAmount: () => socket?.bufferedAmount ?? 0,
          start() {
            const waiting = early ?? [];
            early = undefined;
            for (const work of waiting)
              try {
                if (phase === "open") work();
              } catch (error) {
                handlers.onBadFrame(error as Error);
              }
          },
          close() {
            phase = "over";
            return new Promise((closed) => {
              if (socket?.readyState === WebSocket.CLOSED) return closed();
              socket?.once("close", () => closed());
              socket?.close(1000);
            });
          },
        });
      },
      (error) => {
        if (error instanceof LiveError) fail(error);
        else if (server.access.by === "google" && !socket)
          fail(new ConnectionError(explainCredentials(error)));
        else fail(new InputError(error.message, "GEMINI_SETTING"));
      },
    );
  });
}

/** The SDK does not get the key or token: it would put them into the URL, which proxies and error messages quote. */
function clientFor({ access, baseUrl, apiVersion, network }: Server) {
  const httpOptions = { apiVersion, ...(baseUrl && { baseUrl }) };
  if (access.by !== "google") return new GoogleGenAI({ apiKey: "in-a-header", vertexai: false, httpOptions });
  const { project, location } = access;
  const { proxy } = network;
  const transporterOptions =
    typeof proxy === "object" ? { proxy: proxy.url, noProxy: [...proxy.except] } : {};
  const googleAuthOptions = { projectId: project, clientOptions: { transporterOptions } };
  return new GoogleGenAI({ vertexai: true, project, location, httpOptions, googleAuthOptions });
}

/** The headers with the credentials; for Vertex AI the SDK adds them. */
function proofOf({ access }: Server): Record<string, string> {
  if (access.by === "key") return { "x-goog-api-key": access.key };
  if (access.by === "token") return { authorization: `Token ${access.token}` };
  return {};
}

/** The server may quote the key that the token was requested with, or the token without its prefix. */
function secretsIn({ authorization = "" }: Record<string, string>, { access }: Server): string[] {
  if (access.by === "key") return [access.key];
  const shown = authorization.replace(/^(Token auth_tokens\/|Bearer )/, "");
  return access.by === "token" ? [shown, access.madeFrom] : [shown];
}

/** The SDK's URL without the key; tokens use another method of the API (docs/live-api.md 3). */
function addressOf(url: string, { access }: Server) {
  const [address = ""] = url.split("?");
  return access.by === "token" ? `${address}Constrained` : address;
}

function replaceSocketFactory(client: GoogleGenAI, factory: SdkSocketFactory) {
  const live = client.live as unknown as { webSocketFactory?: SdkSocketFactory };
  if (typeof live.webSocketFactory?.create !== "function")
    throw new InputError(
      "This version of @google/genai has no socket factory where this package expects it; install a version that package.json names.",
      "GEMINI_MODULE",
    );
  live.webSocketFactory = factory;
}

function extendSetup(data: string, extra: FurtherSetup) {
  const { setup } = JSON.parse(data);
  return JSON.stringify({ setup: mergeSetup(setup, extra) });
}
