// An admin endpoint in the process of a test, without a Node-RED around it.

import { EventEmitter } from "node:events";
import type { NodeAPI } from "node-red";

/**
 * Serves one endpoint, and posts to it.
 * @param node what is deployed, whatever its id
 * @returns what it answers as JSON
 */
export function postHere<T>(
  serve: (RED: NodeAPI) => void,
  body: object,
  node: object | null = null,
): Promise<T> {
  let handle: (request: object, response: object) => void = () => {};
  const RED = {
    httpAdmin: { post: (_path: string, _permission: unknown, handler: typeof handle) => (handle = handler) },
    auth: { needsPermission: String },
    nodes: { getNode: () => node, eachNode() {} },
  };
  serve(RED as unknown as NodeAPI);
  return new Promise((json) => handle({ body }, Object.assign(new EventEmitter(), { json })));
}
