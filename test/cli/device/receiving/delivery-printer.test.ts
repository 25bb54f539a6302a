import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { DeliveryPrinter } from "../../../../src/cli/device/receiving/delivery-printer.ts";
import type { Delivery } from "../../../../src/client/connection/device-connection.ts";

/** A printer with a controllable slow writer, and a log of all calls. */
function setUp(count?: number) {
  const log: string[] = [];
  const held: (() => void)[] = [];
  let isHeld = false;
  const name = ({ message }: Delivery): string => message.system.messageId ?? "";
  const printer = new DeliveryPrinter({
    deviceId: "d",
    count,
    nowMs: () => 0,
    isDuplicate: () => false,
    write: async (printings) => {
      if (isHeld) await new Promise<void>((resolve) => held.push(resolve));
      for (const { delivery, arrival } of printings) {
        log.push(`written ${name(delivery)} as ${arrival.n}`);
      }
    },
    onPrinted: () => {},
    settle: async (delivery) => {
      await Promise.resolve();
      log.push(`settled ${name(delivery)}`);
    },
  });
  return {
    printer,
    log,
    hold: () => {
      isHeld = true;
    },
    letGo: () => {
      isHeld = false;
      for (const resolve of held.splice(0)) resolve();
    },
  };
}

function delivery(messageId: string, parts: Partial<Delivery["message"]> = {}): Delivery {
  return {
    message: {
      system: { messageId },
      properties: {},
      body: Buffer.alloc(0),
      isRedelivered: false,
      malformed: [],
      ...parts,
    },
    settle: () => Promise.resolve(),
  };
}

test("a message is settled only after it is written, in order", async () => {
  const { printer, log, hold, letGo } = setUp(2);
  hold();
  printer.add(delivery("a"), 1);
  printer.add(delivery("b"), 1);
  await nextTurn();
  expect(log).toEqual([]);
  letGo();
  await printer.finished;
  await printer.stop();
  expect(log.indexOf("written a as 1")).toBeLessThan(log.indexOf("settled a"));
  expect(log.indexOf("written b as 2")).toBeLessThan(log.indexOf("settled b"));
  expect(log.filter((line) => line.startsWith("settled"))).toEqual(["settled a", "settled b"]);
});

test("what arrives together is one write", async () => {
  const writes: number[] = [];
  const printer = new DeliveryPrinter({
    deviceId: "d",
    count: 3,
    nowMs: () => 0,
    isDuplicate: () => false,
    write: async (printings) => void writes.push(printings.length),
    onPrinted: () => {},
    settle: () => Promise.resolve(),
  });
  for (const id of ["a", "b", "c"]) printer.add(delivery(id), 1);
  await printer.finished;
  expect(writes).toEqual([3]);
});

test("nothing beyond the count is written or settled", async () => {
  const { printer, log } = setUp(1);
  for (const id of ["a", "b", "c"]) printer.add(delivery(id), 1);
  await printer.finished;
  await printer.stop();
  expect(log).toEqual(["written a as 1", "settled a"]);
  expect(printer.isComplete).toBe(true);
});

test("stopping finishes the current write and starts no other", async () => {
  const { printer, log, hold, letGo } = setUp();
  hold();
  printer.add(delivery("a"), 1);
  await nextTurn();
  printer.add(delivery("b"), 1);
  const stopped = printer.stop();
  letGo();
  await stopped;
  expect(log).toEqual(["written a as 1", "settled a"]);
});

test("waiting messages are dropped when the connection is lost, and counted when redelivered", async () => {
  const { printer, log, hold, letGo } = setUp(2);
  hold();
  printer.add(delivery("a"), 1);
  await nextTurn();
  printer.add(delivery("b"), 1);
  printer.dropWaiting();
  printer.add(delivery("b again"), 1);
  letGo();
  await printer.finished;
  await printer.stop();
  expect(log).toContain("written b again as 2");
  expect(log).not.toContain("written b as 2");
});

test("memory is bounded while the reader is blocked", async () => {
  const { printer, log, hold, letGo } = setUp();
  hold();
  for (let n = 0; n < 5000; n += 1) printer.add(delivery(String(n)), 1);
  await nextTurn();
  for (let n = 0; n < 5000; n += 1) printer.add(delivery(String(n)), 1);
  letGo();
  await expect.poll(() => log.filter((line) => line.startsWith("settled")).length).toBe(400);
  expect(printer.printedCount).toBe(400);
});

test("a failed write stops printing, and the message is not settled", async () => {
  const settled: Delivery[] = [];
  const printer = new DeliveryPrinter({
    deviceId: "d",
    count: undefined,
    nowMs: () => 0,
    isDuplicate: () => false,
    write: () => Promise.reject(new Error("disk full")),
    onPrinted: () => {},
    settle: async (one) => void settled.push(one),
  });
  printer.add(delivery("a"), 1);
  await expect(printer.finished).rejects.toThrow("disk full");
  printer.add(delivery("b"), 1);
  await printer.stop();
  expect(settled).toEqual([]);
});

test("a redelivery of a waiting message replaces it", async () => {
  const { printer, log, hold, letGo } = setUp(3);
  hold();
  printer.add(delivery("a"), 1);
  await nextTurn();
  const left: string[] = [];
  const lost = delivery("b", { sequenceNumber: 2, enqueuedTimeUtcMs: 5 });
  printer.add({ ...lost, settle: async (settlement) => void left.push(settlement) }, 1);
  printer.add(delivery("c", { sequenceNumber: 3, enqueuedTimeUtcMs: 5 }), 1);
  printer.add(delivery("b again", { sequenceNumber: 2, enqueuedTimeUtcMs: 5 }), 1);
  letGo();
  await printer.finished;
  await printer.stop();
  expect(log.filter((line) => line.startsWith("written"))).toEqual([
    "written a as 1",
    "written b again as 2",
    "written c as 3",
  ]);
  // An unsettled delivery would take up room in the connection.
  expect(left).toEqual(["none"]);
});
