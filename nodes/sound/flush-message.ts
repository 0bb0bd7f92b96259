// The message that tells a device to clear its playback buffer, in the language of the device.

/** What a template can name: `{{turn}}`, `{{seq}}`, `{{heardMs}}` and `{{session}}`. */
export interface FlushValues {
  turn: number;
  /** Of the last frame that was sent. */
  seq: number;
  heardMs: number;
  session: string;
}

export type FlushKind = "json" | "text" | "bytes";

/**
 * Fills a template. JSON becomes the object. Bytes are hexadecimal, in which `{{turn:2}}` is the turn as an unsigned number of
 * two bytes, big-endian; 1, 2 and 4 bytes are possible, and a number that does not fit loses its upper bits.
 * The template is valid: the settings check it.
 */
export function flushPayload(kind: FlushKind, template: string, values: FlushValues): unknown {
  if (kind === "text")
    return template.replace(/\{\{(\w+)\}\}/g, (all, name) => String(named(values, name, all)));
  if (kind === "json") {
    const filled = template.replace(/\{\{(\w+)\}\}/g, (all, name) =>
      // Without its quotation marks: the template has them.
      JSON.stringify(String(named(values, name, all))).slice(1, -1),
    );
    return JSON.parse(filled);
  }
  const filled = template.replace(/\{\{(\w+):([124])\}\}/g, (_, name, width) => {
    const value = Number(named(values, name, "0"));
    const bytes = BigInt.asUintN(8 * Number(width), BigInt(Number.isFinite(value) ? Math.trunc(value) : 0));
    return bytes.toString(16).padStart(2 * Number(width), "0");
  });
  return Buffer.from(filled.replace(/\s+/g, ""), "hex");
}

function named(values: FlushValues, name: string, otherwise: string): string | number {
  return Object.hasOwn(values, name) ? values[name as keyof FlushValues] : otherwise;
}
