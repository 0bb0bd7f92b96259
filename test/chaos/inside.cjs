// Runs inside the Node-RED of a chaos run: reports what the live session receives, completes and sends, and what is left in the process.

const { createRequire } = require("node:module");
const { connect } = require("node:net");
const { monitorEventLoopDelay } = require("node:perf_hooks");
const { createInterface } = require("node:readline");
const { queryObjects } = require("node:v8");

const { hooks } = createRequire(require.resolve("node-red"))("@node-red/util");

/** What a conversation consists of, and what keeps sound for it: file of the package and class. */
const KEPT = [
  ["live/conversation", "Conversation"],
  ["live/connection/connection", "Connection"],
  ["live/input/queue", "InputQueue"],
  ["audio/playback", "Playback"],
  ["audio/input/transcoder", "Transcoder"],
];

/** @param {number} port of the runner, which reads one JSON value a line */
module.exports = function observe(port) {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => process.exit(1)); // Without its runner, it would run for ever.
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const tell = (seen) =>
    socket.write(`${JSON.stringify({ at: performance.timeOrigin + performance.now(), ...seen })}\n`);

  /** By `_msgid`: how many messages the live session has received and not completed, and what the last one was. */
  const open = new Map();
  const count = ({ _msgid, payload, action }, by) => {
    const about = String(action ?? (typeof payload === "string" ? payload.slice(0, 80) : typeof payload));
    const next = (open.get(_msgid)?.count ?? 0) + by;
    if (next) open.set(_msgid, { count: next, about });
    else open.delete(_msgid);
  };

  hooks.add("onReceive.chaos", ({ msg, destination }) => {
    // Node-RED drops what comes to a node that a deploy has stopped.
    const isStopped = !destination.node._inputCallback;
    if (destination.node.type !== "gemini-live-session" || isStopped) return;
    count(msg, 1);
    if (msg.textId) tell({ kind: "received", text: msg.textId });
  });
  hooks.add("onComplete.chaos", ({ msg, error, node }) => {
    const failed = error && { error: String(error.message ?? error) };
    if (node.node.type === "gemini-tool-response")
      tell({ kind: "responded", call: msg.toolCall?.id, ...failed });
    if (node.node.type !== "gemini-live-session") return;
    count(msg, -1);
    if (msg.textId) tell({ kind: "done", text: msg.textId, ...failed });
  });
  hooks.add("onSend.chaos", (events) => {
    for (const { msg, source } of events) {
      if (source.node.type !== "gemini-live-session") continue;
      const { session, event, payload, toolCall } = msg;
      if (source.port === 1 && msg.role === "model") tell({ kind: "said", session, said: payload });
      if (source.port === 2 && event !== "cancelled") tell({ kind: "called", call: toolCall.id });
      if (source.port === 3) tell({ kind: "event", session, event, payload });
    }
  });

  /** How many there are of everything that keeps the process busy or belongs to a conversation. */
  const left = () => {
    const counts = {};
    for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
    for (const [file, name] of KEPT)
      counts[name] = queryObjects(require(`../../dist/${file}.js`)[name], { format: "count" });
    return counts;
  };
  createInterface(socket).on("line", () => {
    tell({
      kind: "state",
      left: left(),
      unfinished: [...open.values()],
      heapMb: process.memoryUsage().heapUsed / 2 ** 20,
      longestDelayMs: delay.max / 1e6,
    });
    delay.reset();
  });
  return {};
};
