// The least that a node can do between the websocket nodes of Node-RED and the Live server: for each device, what bare-ws.mjs does.

const bareWs = import("./bare-ws.mjs");

module.exports = (RED) => {
  RED.nodes.registerType("bare-live", function (def) {
    RED.nodes.createNode(this, def);
    const conversations = new Map();
    const open = async (_session) => {
      const { open } = await bareWs;
      const reports = {
        sounded: (payload) => this.send({ payload, _session }),
        interrupted: () => this.send({ payload: "flush", _session }),
      };
      const conversation = await open({ url: def.url, model: "gemini-3.8-live", reports });
      if (conversations.has(_session.id)) conversations.set(_session.id, conversation);
      else conversation.close();
    };
    this.on("input", ({ payload, status, _session = status?._session }, _send, done) => {
      const id = _session?.id;
      if (status?.event === "disconnect") {
        conversations.get(id)?.close();
        conversations.delete(id);
      } else if (payload && conversations.has(id)) conversations.get(id)?.hear(payload);
      else if (payload) {
        conversations.set(id, undefined);
        open(_session).catch((error) => this.error(error));
      }
      done();
    });
  });
};
