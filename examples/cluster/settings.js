// The settings of one instance: without an editor, and without a disk of its own.

module.exports = {
  uiPort: process.env.PORT || 1880,
  uiHost: process.env.HOST || "0.0.0.0",
  flowFile: "cluster.json",
  // The same in all instances: it encrypts what is in Redis.
  credentialSecret: process.env.CREDENTIAL_SECRET,
  httpAdminRoot: false,
  disableEditor: true,
  readOnly: true,
  contextStorage: { default: { module: "memory" } },
  mqttReconnectTime: 1_000,
  telemetry: { enabled: false },
  logging: { console: { level: "info" } },
};
