import { expect, test } from "vitest";
import { exitCodeOfRun, type WaitEnd } from "../../../src/cli/send/tally.ts";
import type { Ack } from "../../../src/core/message.ts";

test.each<readonly [number, number, WaitEnd, Ack, number]>([
  [0, 0, "satisfied", "full", 0],
  [1, 0, "satisfied", "full", 6],
  [1, 1, "timeout", "full", 6],
  [0, 1, "timeout", "full", 7],
  [0, 1, "satisfied", "negative", 7],
  [0, 0, "timeout", "full", 124],
  [0, 0, "timeout", "positive", 124],
  [0, 0, "timeout", "negative", 0],
  [0, 0, "SIGINT", "full", 130],
  [0, 0, "SIGTERM", "full", 143],
  [0, 1, "SIGINT", "full", 7],
])("%i failed, %i negative, %s, ack %s: %i", (failed, negative, end, ack, code) => {
  expect(exitCodeOfRun({ failed, negative }, end, ack)).toBe(code);
});
