// The tickets that open the socket of a page.

import assert from "node:assert/strict";
import { Tickets } from "../../../nodes/browser-in/tickets";
import { TestClock } from "../../clock";

describe("a ticket of a page", () => {
  it("is valid once", () => {
    const tickets = new Tickets(new TestClock());
    const ticket = tickets.issue();
    assert.deepEqual([tickets.use(ticket), tickets.use(ticket)], [true, false]);
  });

  it("is valid for ten minutes", () => {
    const clock = new TestClock();
    const tickets = new Tickets(clock);
    const [first, second] = [tickets.issue(), tickets.issue()];
    clock.advance(599_999);
    assert.equal(tickets.use(first), true);
    clock.advance(1);
    assert.equal(tickets.use(second), false);
  });
});
