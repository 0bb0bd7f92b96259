// gemini-live-config: the connection that live sessions share, with its server, key and limits.

import type { NodeAPI, NodeDef } from "node-red";
import type { ConnectionCredentials, LiveConfigNode, LiveConnection } from "./flow/node-types";
import { leaveGracefully, serveHealth } from "./leaving/instance";
import { OwnSimulator, readConnection } from "./live-config/connection";
import { serveConnectionTest } from "./live-config/connection-check";
import { OwnLimits } from "./live-config/shared-limits";
import { liveConfig } from "./settings/live-config";
import { readSettings } from "./settings/table";

export = (RED: NodeAPI) => {
  function LiveConfig(this: LiveConfigNode, def: NodeDef) {
    RED.nodes.createNode(this, def);
    const simulator = new OwnSimulator();
    const limits = new OwnLimits(this);
    let connection: LiveConnection | undefined;
    let stay = () => {};
    this.connection = () => {
      if (connection) return connection;
      const settings = readSettings(liveConfig, def);
      connection = limits.over(readConnection(RED, settings, this.credentials, simulator));
      if (settings.leaveGracefully)
        stay = leaveGracefully(RED, connection.leaving, 1_000 * settings.leaveSeconds);
      return connection;
    };
    this.on("close", (done: () => void) => {
      stay();
      Promise.all([simulator.close(), limits.close()]).then(
        () => done(),
        () => done(),
      );
    });
  }

  RED.nodes.registerType<LiveConfigNode, NodeDef, object, ConnectionCredentials>(
    "gemini-live-config",
    LiveConfig,
    {
      credentials: {
        apiKey: { type: "password" },
        storeUser: { type: "text" },
        storePassword: { type: "password" },
      },
    },
  );
  serveConnectionTest(RED);
  serveHealth(RED);
};
