/** The complete text output of `listen`. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type LocalHub, startLocalHub } from "../../../../src/hub/local-hub.ts";
import { openSender, type Send } from "../../support/hub-sender.ts";
import { startListen } from "../../support/listen-in-process.ts";

let hub: LocalHub;
let send: Send;
let directory: string;
let cleanups: (() => Promise<unknown>)[];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "c2d-listen-text-"));
  hub = await startLocalHub({ devices: ["device1"] });
  const sender = await openSender(hub);
  send = sender.send;
  cleanups = [() => hub.stop(), () => sender.close()];
});

afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
  rmSync(directory, { recursive: true });
});

const firstAndLast = (text: string) => {
  const lines = text.split("\n");
  return [lines[0], ...lines.slice(-2)];
};

test("an empty line separates messages, but does not come first, and the total comes last", async () => {
  await send("m1", "m2");
  const listener = startListen(hub, { transport: "mqtt", output: "text", count: 2 });
  expect(await listener.ended).toBe(0);
  const { text } = listener.stdout;
  expect(firstAndLast(text)).toEqual(["Message received:", "Total calls received: 2", ""]);
  expect(text).toContain("Total calls received: 1\n\nMessage received:\n");
  expect(text.match(/\n\n/g)).toHaveLength(1);
});

test("an appended file has an empty line between two runs", async () => {
  const outputFile = join(directory, "messages.txt");
  for (const id of ["m1", "m2"]) {
    await send(id);
    const options = { transport: "mqtt", output: "text", count: 1, outputFile } as const;
    expect(await startListen(hub, options).ended).toBe(0);
  }
  const text = readFileSync(outputFile, "utf8");
  expect(firstAndLast(text)).toEqual(["Message received:", "Total calls received: 1", ""]);
  expect(text).toContain("Total calls received: 1\n\nMessage received:\n");
  expect(text.match(/\n\n/g)).toHaveLength(1);
});
