// The tickets with which pages open their sockets, on a clock that the test moves.

import assert from "node:assert/strict";
import { Tickets } from "../../../nodes/browser-in/tickets";
import { TestClock } from "../../clock";

const TEN_MINUTES_MS = 600_000;

describe("a ticket of a page", () => {
  let clock: TestClock;
  let tickets: Tickets;
  beforeEach(() => {
    clock = new TestClock();
    tickets = new Tickets(clock);
  });

  it("opens one socket", () => {
    const ticket = tickets.issue();
    assert.ok(tickets.use(ticket));
    assert.equal(tickets.use(ticket), false);
  });

  it("works for ten minutes, and no longer", () => {
    const [used, late] = [tickets.issue(), tickets.issue()];
    clock.advance(TEN_MINUTES_MS - 1);
    const young = tickets.issue();
    assert.ok(tickets.use(used));
    clock.advance(1);
    assert.equal(tickets.use(late), false);
    assert.ok(tickets.use(young));
  });

  it("does not work with the secret of another ticket, and is not used up by the attempt", () => {
    const [one, other] = [tickets.issue(), tickets.issue()];
    const [name] = one.split(".");
    const [, secret] = other.split(".");
    assert.equal(tickets.use(`${name}.${secret}`), false);
    for (const part of ["", name!, `${name}.`, `.${secret}`, `${one}.`.slice(0, -2)])
      assert.equal(tickets.use(part), false, part);
    assert.ok(tickets.use(one));
  });

  it("is dropped when 10,000 newer ones wait", () => {
    const oldest = tickets.issue();
    const second = tickets.issue();
    for (let n = 0; n < 9_999; n++) tickets.issue();
    assert.equal(tickets.use(oldest), false);
    assert.ok(tickets.use(second));
  });
});
