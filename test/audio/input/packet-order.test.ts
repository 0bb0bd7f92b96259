// What the numbers of packets tell about lost ones.

import assert from "node:assert/strict";
import { PacketOrder } from "../../../audio/input/packet-order";

/** A packet with sound of its own for each number. */
const packet = (number: number) => Buffer.from(String(number));

/** What is lost before each of the packets of 20 ms, and "ignored" for one that comes twice or too late. */
function lost(...numbers: number[]) {
  const order = new PacketOrder();
  return numbers.map((number) => order.lostBefore(packet(number), number, 20) ?? "ignored");
}

describe("numbered packets", () => {
  it("in a row have lost nothing, whatever number comes first", () => {
    assert.deepEqual(lost(0, 1, 2), [0, 0, 0]);
    assert.deepEqual(lost(4711, 4712), [0, 0]);
  });

  it("tell how much was lost before one", () => {
    assert.deepEqual(lost(5, 6, 8, 9, 13), [0, 0, 20, 0, 60]);
  });

  it("may wrap at 16 bits, or count on", () => {
    assert.deepEqual(lost(65_534, 65_535, 0, 2), [0, 0, 0, 20]);
    assert.deepEqual(lost(65_534, 65_537, 65_538), [0, 40, 0]);
    assert.deepEqual(lost(2 ** 40, 2 ** 40 + 2), [0, 20]);
  });

  it("are too late when they were missing", () => {
    assert.deepEqual(lost(1, 2, 5, 4, 3, 6), [0, 0, 40, "ignored", "ignored", 0]);
    assert.deepEqual(lost(1, 2, 5, 3, 4, 6), [0, 0, 40, "ignored", "ignored", 0]);
    assert.deepEqual(lost(65_534, 1, 65_535, 2), [0, 40, "ignored", 0]);
  });

  it("are ignored when they come twice, at once or after others", () => {
    assert.deepEqual(lost(3, 3, 4, 4, 4, 5), [0, "ignored", 0, "ignored", "ignored", 0]);
    assert.deepEqual(lost(1, 2, 3, 2, 4, 1, 3, 5), [0, 0, 0, "ignored", 0, "ignored", "ignored", 0]);
    assert.deepEqual(lost(3, 4, 3, 4, 5), [0, 0, "ignored", "ignored", 0]);
    assert.deepEqual(lost(65_535, 0, 65_535, 1), [0, 0, "ignored", 0]);
  });

  it("are not too late when the same numbers come again", () => {
    const order = new PacketOrder();
    const found = Array.from({ length: 70_000 }, (_, i) => i)
      .filter((number) => number !== 10)
      .map((number) => order.lostBefore(packet(number), number & 0xffff, 20));
    assert.deepEqual([...new Set(found)], [0, 20]);
  });

  it("begin anew when the sender does, and after a gap of more than a second", () => {
    assert.deepEqual(lost(100, 1, 2), [0, 0, 0]);
    assert.deepEqual(lost(1, 51, 52), [0, 980, 0]);
    assert.deepEqual(lost(1, 53, 54), [0, 0, 0]);
  });

  it("begin anew with the second in a row that came within the last second", () => {
    assert.deepEqual(lost(10, 13, 1, 2, 11, 12), [0, 40, "ignored", 0, 160, 0]);
    assert.deepEqual(lost(1, 53, 30, 31, 32), [0, 0, "ignored", 0, 0]);
  });

  it("begin anew with other sound of the same number, as that of a sender that counts each of its answers from 1", () => {
    const order = new PacketOrder();
    for (const answer of ["a", "b", "c"]) assert.equal(order.lostBefore(Buffer.from(answer), 1, 3_000), 0);
    assert.equal(order.lostBefore(Buffer.from("c"), 1, 3_000), undefined);
  });

  it("begin anew after the end of the stream", () => {
    const order = new PacketOrder();
    order.lostBefore(packet(1), 1, 20);
    order.lostBefore(packet(3), 3, 20);
    order.reset();
    assert.equal(order.lostBefore(packet(2), 2, 20), 0);
    assert.equal(order.lostBefore(packet(3), 3, 20), 0);
  });
});
