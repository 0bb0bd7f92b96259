// The settings of a live config node.

import { choice, flag, number, reference, type SettingsOf, table, text } from "./table";
import * as tokens from "./token-ranges";

/** The ranges of compression are those of the server (docs/live-api.md 1.7). */
export const liveConfig = table(
  {
    server: choice({
      default: "simulator",
      choices: ["simulator", "gemini", "vertex", "custom"],
      label: "Server",
    }),
    url: text({ default: "", label: "Address" }),
    allowHttp: flag({ default: false, label: "Allow http (not encrypted)" }),
    apiVersion: text({ default: "v1beta", required: true, label: "API version" }),
    project: text({ default: "", label: "Project" }),
    location: text({ default: "", label: "Location" }),
    proxy: reference({ type: "http proxy", label: "Proxy" }),
    tls: reference({ type: "tls-config", label: "TLS" }),
    useEphemeralTokens: flag({ default: false, label: "Use ephemeral tokens" }),
    tokenUses: number({ ...tokens.USES, label: "Uses" }),
    tokenStartWithinSeconds: number({ ...tokens.START_WITHIN_SECONDS, label: "Start within (s)" }),
    tokenLifetimeMinutes: number({ ...tokens.LIFETIME_MINUTES, label: "Lifetime (min)" }),
    tokenRenewMinutes: number({ ...tokens.RENEW_MINUTES, label: "Renew before expiry (min)" }),
    connectTimeoutSeconds: number({ default: 10, min: 1, max: 300, label: "Connect timeout (s)" }),
    maxConversations: number({ default: 20, min: 1, max: 10_000, whole: true, label: "Max conversations" }),
    idleTimeoutMinutes: number({ default: 10, min: 0, max: 10_000, label: "Idle timeout (min)" }),
    offlineAudioSeconds: number({ default: 30, min: 0, max: 300, label: "Offline audio buffer (s)" }),
    offlineMessages: number({
      default: 100,
      min: 1,
      max: 10_000,
      whole: true,
      label: "Offline message queue",
    }),
    onConnectionLoss: choice({
      default: "resume",
      choices: ["resume", "restart", "report"],
      label: "On connection loss",
    }),
    reconnectAttempts: number({ default: 8, min: 0, max: 1_000, whole: true, label: "Reconnect attempts" }),
    stallTimeoutSeconds: number({ default: 15, min: 0, max: 600, label: "Stall timeout (s)" }),
    onStall: choice({ default: "report", choices: ["report", "resume"], label: "On stall" }),
    tokenBudget: number({ default: 0, min: 0, max: 1e9, whole: true, label: "Token budget" }),
    contextCompression: flag({ default: true, label: "Context compression (sliding window)" }),
    triggerTokens: number({ default: "", min: 5_000, max: 128_000, whole: true, label: "Trigger tokens" }),
    targetTokens: number({ default: "", min: 0, max: 128_000, whole: true, label: "Target tokens" }),
  },
  {
    rules: {
      url: {
        allows: ({ server, url }) => server !== "custom" || /^(https?|wss?):\/\/./i.test(url.trim()),
        error: "The address must begin with http, https, ws or wss",
      },
      allowHttp: {
        allows: ({ server, url, allowHttp }) =>
          server !== "custom" ||
          allowHttp ||
          !/^(http|ws):/i.test(url.trim()) ||
          /^\w+:\/\/(localhost|127(\.\d+){3}|\[::1\])(:\d+)?(\/|$)/i.test(url.trim()),
        error:
          'The address is not encrypted: use https or wss, or tick "Allow http" to send the key and the conversation unencrypted',
      },
      useEphemeralTokens: {
        allows: ({ server, useEphemeralTokens }) => !useEphemeralTokens || server !== "vertex",
        error: "Vertex AI has no ephemeral tokens: switch them off, or choose the Gemini API",
      },
      tokenRenewMinutes: {
        allows: (values) =>
          !values.useEphemeralTokens || values.tokenRenewMinutes < values.tokenLifetimeMinutes,
        error: '"Renew before expiry" must be shorter than the "Lifetime" of the token',
      },
      targetTokens: {
        allows: ({ contextCompression, triggerTokens, targetTokens }) =>
          !contextCompression ||
          triggerTokens === undefined ||
          targetTokens === undefined ||
          targetTokens < triggerTokens,
        error: '"Target tokens" must be less than "Trigger tokens"',
      },
    },
  },
);

export type LiveConfigSettings = SettingsOf<typeof liveConfig>;
