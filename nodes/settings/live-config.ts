// The settings of a live config node.

import { choice, flag, number, reference, type SettingsOf, tab, table, text } from "./table";
import * as tokens from "./token-ranges";

/** The ranges of compression are those of the server (docs/live-api.md 1.7). */
export const liveConfig = table(
  {
    ...tab("server", {
      server: choice({
        default: "simulator",
        choices: ["simulator", "gemini", "vertex", "custom"],
        label: "Server",
        icon: "server",
      }),
      url: text({
        default: "",
        label: "Address",
        icon: "globe",
        placeholder: "url",
        shown: { server: ["custom"] },
      }),
      allowHttp: flag({ default: false, label: "Allow http (not encrypted)", shown: { server: ["custom"] } }),
      apiVersion: text({
        default: "v1beta",
        required: true,
        label: "API version",
        icon: "code-fork",
        shown: { server: ["gemini", "custom"] },
      }),
      project: text({ default: "", label: "Project", icon: "cloud", shown: { server: ["vertex"] } }),
      location: text({
        default: "",
        label: "Location",
        icon: "map-marker",
        placeholder: "location",
        shown: { server: ["vertex"] },
      }),
    }),
    ...tab("reliability", {
      connectTimeoutSeconds: number({
        default: 10,
        min: 1,
        max: 300,
        label: "Connect timeout (s)",
        icon: "clock-o",
      }),
      onConnectionLoss: choice({
        default: "resume",
        choices: ["resume", "restart", "report"],
        label: "On connection loss",
        icon: "chain-broken",
      }),
      reconnectAttempts: number({
        default: 8,
        min: 0,
        max: 1_000,
        whole: true,
        label: "Reconnect attempts",
        icon: "repeat",
        shown: { onConnectionLoss: ["resume", "restart"] },
      }),
      stallTimeoutSeconds: number({
        default: 15,
        min: 0,
        max: 600,
        label: "Stall timeout (s)",
        icon: "bell-slash-o",
        unit: "zeroNever",
      }),
      onStall: choice({
        default: "report",
        choices: ["report", "resume"],
        label: "On stall",
        icon: "medkit",
      }),
      offlineAudioSeconds: number({
        default: 30,
        min: 0,
        max: 300,
        label: "Offline audio buffer (s)",
        icon: "microphone",
      }),
      offlineMessages: number({
        default: 100,
        min: 1,
        max: 10_000,
        whole: true,
        label: "Offline message queue",
        icon: "envelope-o",
      }),
    }),
    ...tab("context", {
      contextCompression: flag({ default: true, label: "Context compression (sliding window)" }),
      triggerTokens: number({
        default: "",
        min: 5_000,
        max: 128_000,
        whole: true,
        label: "Trigger tokens",
        icon: "compress",
        placeholder: "serverDefault",
        shown: { contextCompression: [true] },
      }),
      targetTokens: number({
        default: "",
        min: 0,
        max: 128_000,
        whole: true,
        label: "Target tokens",
        icon: "bullseye",
        placeholder: "serverDefault",
        shown: { contextCompression: [true] },
      }),
    }),
    ...tab("limits", {
      maxConversations: number({
        default: 20,
        min: 1,
        max: 10_000,
        whole: true,
        label: "Max conversations",
        icon: "users",
      }),
      idleTimeoutMinutes: number({
        default: 10,
        min: 0,
        max: 10_000,
        label: "Idle timeout (min)",
        icon: "moon-o",
        unit: "zeroNever",
      }),
      tokenBudget: number({
        default: 0,
        min: 0,
        max: 1e9,
        whole: true,
        label: "Token budget",
        icon: "money",
        unit: "zeroUnlimited",
      }),
    }),
    ...tab("tokens", {
      useEphemeralTokens: flag({ default: false, label: "Use ephemeral tokens" }),
      tokenUses: number({
        ...tokens.USES,
        label: "Uses",
        icon: "ticket",
        unit: "zeroUnlimited",
        shown: { useEphemeralTokens: [true] },
      }),
      tokenStartWithinSeconds: number({
        ...tokens.START_WITHIN_SECONDS,
        label: "Start within (s)",
        icon: "play",
        shown: { useEphemeralTokens: [true] },
      }),
      tokenLifetimeMinutes: number({
        ...tokens.LIFETIME_MINUTES,
        label: "Lifetime (min)",
        icon: "hourglass-end",
        shown: { useEphemeralTokens: [true] },
      }),
      tokenRenewMinutes: number({
        ...tokens.RENEW_MINUTES,
        label: "Renew before expiry (min)",
        icon: "refresh",
        shown: { useEphemeralTokens: [true] },
      }),
    }),
    ...tab("network", {
      proxy: reference({
        type: "http proxy",
        label: "Proxy",
        icon: "random",
        shown: { server: ["gemini", "vertex", "custom"] },
      }),
      tls: reference({
        type: "tls-config",
        label: "TLS",
        icon: "certificate",
        shown: { server: ["gemini", "vertex", "custom"] },
      }),
      store: text({ default: "", label: "Shared store", icon: "database", placeholder: "store" }),
      storeTls: reference({ type: "tls-config", label: "TLS of the store", icon: "certificate" }),
      leaveGracefully: flag({ default: false, label: "Leave gracefully" }),
      leaveSeconds: number({
        default: 8,
        min: 1,
        max: 600,
        label: "Leave within (s)",
        icon: "sign-out",
        shown: { leaveGracefully: [true] },
      }),
    }),
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
      store: {
        allows: ({ store }) => !store.trim() || /^rediss?:\/\/[^@/?#]+(\/\d+)?\/?$/i.test(store.trim()),
        error:
          "The shared store must be an address such as redis://host:6379 or rediss://host:6379/0, without user and password",
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
