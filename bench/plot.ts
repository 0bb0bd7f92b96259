// The plot of the ramp as SVG: CPU, delay and memory by the number of conversations.

import type { Figures } from "./round";

const WIDTH = 640;
const HEIGHT = 150;
const LEFT = 90;
const TOP = 30;

/** One graph below the other. @param at its number, from 0 */
function graph(at: number, label: string, points: readonly (readonly [number, number])[]): string {
  const top = TOP + at * (HEIGHT + 60);
  const mostX = Math.max(...points.map(([x]) => x));
  const mostY = Math.max(...points.map(([, y]) => y), 1e-9);
  const place = ([x, y]: readonly [number, number]) =>
    `${(LEFT + (x / mostX) * (WIDTH - LEFT - 30)).toFixed(1)},${(top + HEIGHT - (y / mostY) * HEIGHT).toFixed(1)}`;
  const number = (value: number) => (value >= 10 ? value.toFixed(0) : value.toFixed(1));
  return `
  <text x="${LEFT}" y="${top - 10}">${label}</text>
  <path d="M${LEFT},${top} V${top + HEIGHT} H${WIDTH - 30}" class="axis"/>
  <text x="${LEFT - 8}" y="${top + 5}" class="end">${number(mostY)}</text>
  <text x="${LEFT - 8}" y="${top + HEIGHT}" class="end">0</text>
  <polyline points="${points.map(place).join(" ")}"/>
${points.map(([x]) => `  <text x="${place([x, 0]).split(",")[0]}" y="${top + HEIGHT + 18}" class="middle">${x}</text>`).join("\n")}`;
}

export function plot(steps: readonly Figures[]): string {
  const points = (pick: (step: Figures) => number) =>
    steps.map((step) => [step.conversations, pick(step)] as const);
  const graphs = [
    graph(
      0,
      "CPU (% of a core)",
      points(({ cpu }) => cpu),
    ),
    graph(
      1,
      "device → Live socket, p99 (ms)",
      points(({ upP99 }) => upP99),
    ),
    graph(
      2,
      "memory of the process (MB)",
      points(({ rss }) => rss / 1e6),
    ),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${TOP + graphs.length * (HEIGHT + 60)}" font-family="sans-serif" font-size="12">
  <title>CPU, delay and memory by the number of conversations</title>
  <style>polyline, .axis { fill: none; stroke: #888 } polyline { stroke: #a12; stroke-width: 2 } text { fill: #777 } .end { text-anchor: end } .middle { text-anchor: middle }</style>${graphs.join("")}
</svg>
`;
}
