import { expect, test } from "vitest";
import {
  exitCodeOfSending,
  exitCodeOfTelemetry,
  type RunEnd,
} from "../../../src/cli/program/run-exit-code.ts";
import type { Ack } from "../../../src/core/message.ts";

test.each<readonly [number, number, RunEnd, Ack, number]>([
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
  expect(exitCodeOfSending({ failed, negative }, end, ack)).toBe(code);
});

test.each<readonly [number, number, RunEnd, number | undefined, number]>([
  [2, 0, "satisfied", 2, 0],
  [1, 0, "satisfied", 2, 124],
  [1, 1, "satisfied", 2, 6],
  [0, 1, "SIGINT", 3, 6],
  [1, 0, "timeout", 2, 124],
  [1, 0, "SIGINT", 2, 130],
  [1, 0, "SIGTERM", 2, 143],
  [2, 0, "SIGTERM", 2, 0],
  [0, 0, "SIGINT", undefined, 0],
  [1, 0, "timeout", undefined, 0],
  [0, 1, "satisfied", undefined, 6],
])("%i confirmed, %i failed, %s, of %s: %i", (confirmed, failed, end, count, code) => {
  expect(exitCodeOfTelemetry({ confirmed, failed }, end, count)).toBe(code);
});
