/** `c2d-hub monitor-feedback` against a real hub: what it prints, consumes and leaves. */

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Ended, parseLines, RunningCommand } from "../support/run-command.ts";
import { StartedHub } from "../support/started-hub.ts";

let hub: StartedHub;

beforeEach(async () => {
  hub = await StartedHub.start("--feedback-interval", "100ms");
});

afterEach(() => hub.stop());

/** One device's messages, purged together so that their records are in one batch. */
async function feedbackOf(deviceId: string, ...messageIds: readonly string[]): Promise<void> {
  for (const id of messageIds) {
    await hub.run("c2d-send", "-d", deviceId, "--mid", id, "--ack", "full");
  }
  await hub.run("c2d-hub", "purge", "-d", deviceId);
}

/** A message received by its device. */
async function successOf(deviceId: string, messageId: string): Promise<void> {
  await hub.run("c2d-send", "-d", deviceId, "--mid", messageId, "--ack", "full");
  await hub.run("c2d-device", "listen", "-d", deviceId, "-c", "1", "--timeout", "100s");
}

const monitor = (...args: readonly string[]) =>
  hub.run("c2d-hub", "monitor-feedback", "--timeout", "100s", "-o", "json", ...args);

async function startMonitor(...args: readonly string[]): Promise<RunningCommand> {
  const started = hub.spawn("c2d-hub", "monitor-feedback", "-o", "json", ...args);
  await started.waitFor("stdout", '{"type":"ready"}\n');
  return started;
}

const idsOf = ({ stdout }: { readonly stdout: string }) =>
  parseLines(stdout)
    .filter(({ type }) => type === "feedback")
    .map(({ originalMessageId }) => originalMessageId);

/** What is left in the queue; available at once, because everything else is settled. */
const leftIds = async (count: number) => idsOf(await monitor("-c", String(count)));

test("records are printed after the ready line, and consumed", async () => {
  const started = await startMonitor("-c", "2");
  await successOf("device1", "m1");
  await feedbackOf("device2", "m2");
  const { code, stdout, stderr } = await started.ended;
  expect(code).toBe(0);
  const [ready, ...records] = parseLines(stdout);
  expect(ready).toEqual({ type: "ready" });
  expect(records).toEqual([
    {
      type: "feedback",
      originalMessageId: "m1",
      deviceId: "device1",
      statusCode: "Success",
      description: "Success",
      enqueuedTimeUtc: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    },
    expect.objectContaining({ originalMessageId: "m2", statusCode: "Purged" }),
  ]);
  expect(stderr).toContain("2 of 2 feedback records received.");
  expect(idsOf(await monitor("--timeout", "1s"))).toEqual([]);
});

test("text has the time of each record, and ready on stderr", async () => {
  await feedbackOf("device1", "m1");
  const { stdout, stderr } = await hub.run("c2d-hub", "monitor-feedback", "-c", "1");
  expect(stdout).toMatch(/^Feedback: device1 m1 Purged at \d{4}-\d\d-\d\dT[\d:.]+Z\n$/);
  expect(stderr).toContain("Waiting for feedback");
});

test("--format prints one line per record", async () => {
  await feedbackOf("device1", "m1");
  const args = ["--format", "{{originalMessageId}}\\t{{statusCode}} {{json}}", "-c", "1"];
  const { code, stdout } = await hub.run("c2d-hub", "monitor-feedback", ...args);
  expect(stdout).toMatch(/^m1\tPurged \{"type":"feedback".*\}\n$/);
  expect(code).toBe(0);
});

test.each([
  [["--format", "{{messageId}}"], "{{messageId}} is not a key", "originalMessageId"],
  [["--format", "{{json}}", "-o", "json"], "cannot be combined", "Keep one"],
  [["--raw"], "unknown option '--raw'", "--help"],
])("%j is a usage error", async (args, message, hint) => {
  const { code, stderr } = await hub.run("c2d-hub", "monitor-feedback", ...args);
  expect(stderr).toContain(message);
  expect(stderr).toContain(hint);
  expect(code).toBe(2);
});

test.each([
  [[], /other readers do not get them/],
  [["-d", "device1"], /then returned to other readers/],
  [["--wait-on-msg", "m1"], /then returned to other readers/],
  [["-c", "1"], /then returned to other readers/],
  [["--peek"], /^(?!.*consumed)/s],
])("with %j, stderr tells whether printed records are consumed", async (flags, says) => {
  const started = hub.spawn("c2d-hub", "monitor-feedback", ...flags);
  await started.waitFor("stderr", "Waiting for feedback");
  started.interrupt();
  expect((await started.ended).stderr).toMatch(says);
});

describe("leaves to other readers", () => {
  test("records of other devices with -d", async () => {
    await feedbackOf("other", "o1", "o2");
    await feedbackOf("device1", "m1");
    expect(idsOf(await monitor("-d", "device1", "-c", "1"))).toEqual(["m1"]);
    expect(await leftIds(2)).toEqual(["o1", "o2"]);
  });

  test("records of other messages with --wait-on-msg", async () => {
    await feedbackOf("device1", "m1", "m2");
    expect(idsOf(await monitor("--wait-on-msg", "m2"))).toEqual(["m2"]);
    expect(await leftIds(2)).toEqual(["m1", "m2"]);
  });

  test("records beyond --count", async () => {
    await feedbackOf("device1", "m1", "m2", "m3");
    expect(idsOf(await monitor("-c", "1"))).toEqual(["m1"]);
    expect(await leftIds(3)).toEqual(["m1", "m2", "m3"]);
  });

  test("every record with --peek", async () => {
    await feedbackOf("device1", "m1");
    expect(idsOf(await monitor("--peek", "-c", "1"))).toEqual(["m1"]);
    expect(await leftIds(1)).toEqual(["m1"]);
  });

  test("a batch for other readers is held until the end, which costs one delivery", async () => {
    await feedbackOf("other", "o1");
    const started = await startMonitor("-d", "device1", "-c", "1");
    // Otherwise the two records could be one batch.
    await hub.reached("feedbackDelivered");
    await feedbackOf("device1", "m1");
    expect((await started.ended).code).toBe(0);
    await hub.reached("feedbackSettled", 2);
    const batchesOf = (type: string) =>
      hub.events
        .filter((event) => event.type === type)
        .map(({ batch, outcome }) => [batch, outcome]);
    expect(batchesOf("feedbackDelivered")).toEqual([
      [1, undefined],
      [2, undefined],
    ]);
    expect(batchesOf("feedbackSettled")).toEqual([
      [2, "complete"],
      [1, "abandon"],
    ]);
  });
});

describe("exits", () => {
  test("with 0 for a successful --wait-on-msg, else 7", async () => {
    await successOf("device1", "good");
    await feedbackOf("device1", "bad");
    expect((await monitor("--wait-on-msg", "good")).code).toBe(0);
    expect((await monitor("--wait-on-msg", "bad")).code).toBe(7);
  });

  test("with 0 for other records, whatever their status", async () => {
    await feedbackOf("device1", "bad");
    expect((await monitor("-c", "1")).code).toBe(0);
  });

  const timeoutError = ({ stderr }: Ended) => stderr.includes('"name":"Timeout"');

  test.each([
    ["--count", "1"],
    ["--wait-on-msg", "m"],
  ])("with 124 when --timeout ends before %s", async (...args) => {
    const ended = await monitor(...args, "--timeout", "500ms");
    expect(ended.code).toBe(124);
    expect(timeoutError(ended)).toBe(true);
  });

  test("with 0 for --timeout alone", async () => {
    const ended = await monitor("--timeout", "500ms");
    expect(ended.code).toBe(0);
    expect(timeoutError(ended)).toBe(false);
  });

  test.each([
    ["SIGINT", 0, []],
    ["SIGTERM", 0, []],
    ["SIGINT", 130, ["--count", "1"]],
    ["SIGTERM", 143, ["--wait-on-msg", "m"]],
  ] as const)("by %s with %i given %j", async (signal, code, args) => {
    const started = await startMonitor(...args);
    started.interrupt(signal);
    expect((await started.ended).code).toBe(code);
  });

  test("quietly when stdout is closed, and unread records stay queued", async () => {
    const started = await startMonitor();
    started.readers.stdout.destroy();
    await feedbackOf("device1", "m1");
    expect(await started.ended).toMatchObject({ code: 0 });
    expect(await leftIds(1)).toEqual(["m1"]);
  });
});

test("reconnects when the hub is back, and continues", async () => {
  const started = await startMonitor("-c", "2", "-v");
  await feedbackOf("device1", "before");
  await started.waitFor("stdout", "before");
  await hub.restart();
  await started.waitFor("stderr", "Reconnected");
  await feedbackOf("device1", "after");
  const ended = await started.ended;
  expect(ended.code).toBe(0);
  expect(idsOf(ended)).toEqual(["before", "after"]);
  expect(parseLines(ended.stdout).filter(({ type }) => type === "ready")).toHaveLength(1);
});

test("redelivered records held for others cause a warning, and are printed once", async () => {
  await feedbackOf("device1", "m1");
  const started = await startMonitor("--peek");
  await started.waitFor("stdout", '"m1"');
  await hub.restart();
  await started.waitFor("stderr", "were delivered again");
  started.interrupt();
  const ended = await started.ended;
  expect([ended.code, idsOf(ended)]).toEqual([0, ["m1"]]);
  expect(await leftIds(1)).toEqual(["m1"]);
});

test("a device from the environment is named with its source", async () => {
  const env = { ...hub.options.env, IOTHUB_DEVICE_ID: "device1" };
  const unnamed = hub.spawn("c2d-hub", "monitor-feedback");
  const args = ["monitor-feedback", "--local"];
  const named = new RunningCommand("c2d-hub", args, { ...hub.options, env });
  const source = "from device1 (IOTHUB_DEVICE_ID in the environment)";
  for (const command of [unnamed, named]) {
    await command.waitFor("stderr", "Waiting for feedback");
    command.interrupt();
    await command.ended;
  }
  expect(named.stderr).toContain(source);
  expect(unnamed.stderr).not.toContain(source);
});
