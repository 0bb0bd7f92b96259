// The nodes and tabs of a flow.

export interface FlowNode {
  id: string;
  type: string;
  [property: string]: unknown;
}

/** A node on the tab `tab`; `wires` are lists of ids, one for each output. */
export const node = (
  id: string,
  type: string,
  properties: object = {},
  wires: (string | null)[][] = [],
): FlowNode => ({ id, type, z: "tab", x: 0, y: 0, ...properties, wires });

export const tab = (id = "tab", properties: object = {}): FlowNode => ({
  id,
  type: "tab",
  label: id,
  disabled: false,
  ...properties,
});

/** The same nodes on another tab or in a subflow. */
export const on = (z: string, ...nodes: FlowNode[]) => nodes.map((node) => ({ ...node, z }));

/**
 * A subflow with one input, its `nodes`, and one output for each list of `outputs`.
 * @param outputs the ids of nodes whose first output it is; the subflow's own id is its input
 */
export const subflow = (
  id: string,
  input: string[],
  nodes: FlowNode[],
  ...outputs: string[][]
): FlowNode[] => [
  {
    id,
    type: "subflow",
    name: id,
    in: [{ x: 0, y: 0, wires: input.map((id) => ({ id })) }],
    out: outputs.map((ids) => ({ x: 0, y: 0, wires: ids.map((id) => ({ id, port: 0 })) })),
  },
  ...on(id, ...nodes),
];

export const instance = (id: string, of: string, ...wires: string[][]) =>
  node(id, `subflow:${of}`, {}, wires);
