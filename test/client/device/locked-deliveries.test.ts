import { expect, test } from "vitest";
import type { ReceivedMessage } from "../../../src/client/connection/device-connection.ts";
import { LockedDeliveries } from "../../../src/client/device/locked-deliveries.ts";

function message(sequenceNumber?: number): ReceivedMessage {
  return {
    system: {},
    properties: {},
    body: Buffer.alloc(0),
    isRedelivered: false,
    malformed: [],
    ...(sequenceNumber !== undefined && { sequenceNumber }),
  };
}

function setUp() {
  const clock = { nowMs: 0 };
  const ended: number[] = [];
  const locked = new LockedDeliveries(() => clock.nowMs);
  const add = (n: number): void => locked.add(message(n), () => ended.push(n));
  return { clock, ended, locked, add };
}

test("a redelivery ends the earlier delivery, once", () => {
  const { ended, locked, add } = setUp();
  add(1);
  add(2);
  locked.endFor(message(1));
  locked.endFor(message(1));
  expect(ended).toEqual([1]);
});

test("a second redelivery ends the first one", () => {
  const { ended, locked, add } = setUp();
  add(1);
  locked.add(message(1), () => ended.push(11));
  expect(ended).toEqual([1]);
});

test("messages without sequence numbers are distinct", () => {
  const { ended, locked } = setUp();
  locked.add(message(), () => ended.push(0));
  locked.endFor(message());
  expect(ended).toEqual([]);
});

test("many messages without redelivery are ended after the longest possible lock", () => {
  const { clock, ended, add } = setUp();
  for (let n = 0; n < 1000; n += 1) add(n);
  clock.nowMs = 299_999;
  add(1000);
  expect(ended).toEqual([]);
  clock.nowMs = 300_000;
  add(1001);
  expect(ended).toEqual([0, 1]);
});
