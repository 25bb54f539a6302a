/** `c2d-hub monitor-events` against a real hub: output, start position, end. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Ended, parseLines, RunningCommand, run } from "../../support/run-command.ts";
import { StartedHub } from "../../support/started-hub.ts";

let hub: StartedHub;

beforeEach(async () => {
  hub = await StartedHub.start("--consumer-group", "second");
});

afterEach(() => hub.stop());

/** One event for each id, in this order. */
async function send(deviceId: string, ...messageIds: readonly string[]): Promise<void> {
  for (const id of messageIds) {
    const args = ["-d", deviceId, "-c", "1", "--mid", id, "--data", `{"id":"${id}"}`];
    const { code, stderr } = await hub.run("c2d-device", "telemetry", ...args);
    if (code !== 0) throw new Error(stderr);
  }
}

const monitor = (...args: readonly string[]): Promise<Ended> =>
  hub.run("c2d-hub", "monitor-events", "--timeout", "100s", "-o", "json", ...args);

async function startMonitor(...args: readonly string[]): Promise<RunningCommand> {
  const started = hub.spawn("c2d-hub", "monitor-events", "-o", "json", ...args);
  await started.waitFor("stdout", '"type":"ready"');
  return started;
}

/** For a hub given by connection string, without `--local`. */
const monitorAt = (...args: readonly string[]): Promise<Ended> =>
  run("c2d-hub", ["monitor-events", "--ca", hub.caFile, "-o", "json", ...args], hub.options);

const idsOf = ({ stdout }: { readonly stdout: string }) =>
  parseLines(stdout)
    .filter(({ type }) => type === "event")
    .map(({ messageId }) => messageId);

function errorOf({ stderr }: Ended): Record<string, unknown> | undefined {
  const line = stderr.split("\n").find((one) => one.startsWith('{"type":"error"'));
  return line === undefined ? undefined : (JSON.parse(line) as Record<string, unknown>);
}

test("an event sent right after ready is printed after it", async () => {
  const started = await startMonitor("-c", "2");
  await send("device1", "m1", "m2");
  const { code, stdout, stderr } = await started.ended;
  const [ready, first, second] = parseLines(stdout);
  expect(ready).toEqual({
    type: "ready",
    hostName: hub.hostName,
    eventHub: "messages",
    consumerGroup: "$Default",
    partitionIds: ["0", "1", "2", "3"],
    transport: "amqp",
  });
  expect(first).toMatchObject({
    type: "event",
    deviceId: "device1",
    partitionId: expect.stringMatching(/^[0-3]$/),
    sequenceNumber: 0,
    offset: expect.any(String),
    enqueuedTimeUtc: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    messageId: "m1",
    annotations: { "iothub-message-source": "Telemetry" },
    bodyEncoding: expect.any(String),
  });
  expect(second).toMatchObject({ messageId: "m2", sequenceNumber: 1 });
  expect(stderr).toContain("2 of 2 events received.");
  expect(code).toBe(0);
});

test("text output has sections, and ready is on stderr", async () => {
  await send("device1", "m1");
  const ended = await hub.run("c2d-hub", "monitor-events", "--et", "1h", "-c", "1");
  expect(ended.stdout).toMatch(/^Event received:\n {4}\{"id":"m1"\}\nSystem properties:\n/);
  expect(ended.stdout).toContain("    iothub-message-source: Telemetry\n");
  expect(ended.stdout).toContain("Total events received: 1\n");
  expect(ended.stderr).toContain("Waiting for events from all devices");
});

describe("the start position", () => {
  test("is the end of the log without --enqueued-time", async () => {
    await send("device1", "old");
    const started = await startMonitor("-c", "1");
    await send("device1", "new");
    expect(idsOf(await started.ended)).toEqual(["new"]);
  });

  test.each([["1h"], ["0"], ["2020-01-01"]])(
    "is that time with --enqueued-time %s",
    async (time) => {
      await send("device1", "m1", "m2");
      expect(idsOf(await monitor("--enqueued-time", time, "-c", "2"))).toEqual(["m1", "m2"]);
    },
  );

  test("is the event with exactly that time", async () => {
    await send("device1", "m1", "m2");
    const all = parseLines((await monitor("--et", "0", "-c", "2")).stdout);
    const time = String(all.at(-1)?.enqueuedTimeUtc);
    expect(idsOf(await monitor("--et", time, "-c", "1"))).toEqual(["m2"]);
  });
});

test("-d skips the events of other devices, and does not count them", async () => {
  await send("other", "x1");
  await send("device1", "m1");
  await send("other", "x2");
  await send("device1", "m2");
  const ended = await monitor("-d", "device1", "--et", "0", "-c", "2");
  expect(idsOf(ended)).toEqual(["m1", "m2"]);
  expect(ended.stderr).toContain("events from device device1 (--device-id)");
});

test("several monitors each get every event, in the same or different consumer groups", async () => {
  const monitors = await Promise.all([
    startMonitor("-c", "3"),
    startMonitor("-c", "3"),
    startMonitor("-c", "3", "--consumer-group", "second"),
  ]);
  await send("device1", "m1", "m2", "m3");
  for (const { ended } of monitors) expect(idsOf(await ended)).toEqual(["m1", "m2", "m3"]);
});

test("after a hub restart nothing is lost or duplicated", async () => {
  const started = await startMonitor("-c", "4", "-v");
  await send("device1", "m1", "m2");
  await started.waitFor("stdout", '"m2"');
  await hub.restart();
  // Whether or not it has reconnected by then.
  await send("device1", "m3", "m4");
  const { code, stdout, stderr } = await started.ended;
  expect(idsOf({ stdout })).toEqual(["m1", "m2", "m3", "m4"]);
  expect(stderr).toContain("Reconnecting");
  expect(stderr).toContain("Reconnected");
  expect(parseLines(stdout).filter(({ type }) => type === "ready")).toHaveLength(1);
  expect(code).toBe(0);
});

describe("the source", () => {
  test.each([["amqp"], ["amqp-ws"]])(
    "is reached over %s, with either connection string",
    async (transport) => {
      const { IOTHUB_CONNECTION_STRING = "", EVENTHUB_CONNECTION_STRING = "" } = await hub.env();
      await send("device1", "m1");
      const common = ["--transport", transport, "--et", "0", "-c", "1", "--timeout", "100s"];
      for (const named of [
        ["--login", IOTHUB_CONNECTION_STRING],
        ["--event-hub", EVENTHUB_CONNECTION_STRING],
      ]) {
        const ended = await monitorAt(...named, ...common);
        expect(idsOf(ended)).toEqual(["m1"]);
        expect(parseLines(ended.stdout)[0]).toMatchObject({ type: "ready", transport });
      }
    },
  );

  test("is the hub in the environment set by `c2d-hub env`", async () => {
    await send("device1", "m1");
    const { directory } = hub.options;
    const env = { ...hub.options.env, ...(await hub.env()) };
    const args = ["monitor-events", "--et", "0", "-c", "1", "--timeout", "100s", "-o", "json"];
    const ended = await run("c2d-hub", args, { directory, env });
    expect(idsOf(ended)).toEqual(["m1"]);
    expect(ended.stderr).toContain("EVENTHUB_CONNECTION_STRING in the environment");
  });
});

describe("the exit code", () => {
  test("124 if --count is not reached", async () => {
    const { code, stderr } = await monitor("-c", "1", "--timeout", "500ms");
    expect(stderr).toContain('"name":"Timeout"');
    expect(code).toBe(124);
  });

  test("0 for --timeout without --count", async () => {
    const { code, stderr } = await monitor("--timeout", "500ms");
    expect(stderr).toContain("0 events received.");
    expect(code).toBe(0);
  });

  test.each([
    ["SIGINT", [], 0],
    ["SIGTERM", [], 0],
    ["SIGINT", ["-c", "1"], 130],
    ["SIGTERM", ["-c", "1"], 143],
  ] as const)("%s with %j", async (signal, args, expected) => {
    const started = await startMonitor(...args);
    started.interrupt(signal);
    expect((await started.ended).code).toBe(expected);
  });

  test("0 when stdout is closed", async () => {
    const started = await startMonitor();
    started.readers.stdout.destroy();
    await send("device1", "m1");
    expect((await started.ended).code).toBe(0);
  });

  test("0 for SIGINT while the hub is down", async () => {
    const started = await startMonitor();
    await hub.end();
    await started.waitFor("stderr", "Reconnecting");
    started.interrupt();
    expect((await started.ended).code).toBe(0);
  });
});

describe("errors", () => {
  interface Policy {
    readonly name: string;
    readonly primaryKey: string;
  }

  function keyOf(policyName: string): string {
    const file = join(hub.directory, "home", "installation.json");
    const { policies } = JSON.parse(readFileSync(file, "utf8")) as { policies: Policy[] };
    return policies.find(({ name }) => name === policyName)?.primaryKey ?? "";
  }

  test.each([["registryRead"], ["device"]])(
    "exit code 4 for policy %s, which lacks permission",
    async (policy) => {
      const credential = `SharedAccessKeyName=${policy};SharedAccessKey=${keyOf(policy)}`;
      const atHub = await monitorAt("--login", `HostName=${hub.hostName};${credential}`);
      const atEventHub = await monitorAt(
        "--event-hub",
        `Endpoint=sb://${hub.hostName}/;${credential};EntityPath=messages`,
      );
      for (const ended of [atHub, atEventHub]) {
        expect(errorOf(ended)).toMatchObject({ code: 4, name: "IotHubUnauthorized" });
        expect(ended.code).toBe(4);
        expect(ended.stdout).toBe("");
        expect(ended.stderr).not.toContain(keyOf(policy));
      }
    },
  );

  test("none for policy service, which has permission", async () => {
    const credential = `SharedAccessKeyName=service;SharedAccessKey=${keyOf("service")}`;
    const login = `HostName=${hub.hostName};${credential}`;
    const started = new RunningCommand(
      "c2d-hub",
      ["monitor-events", "--ca", hub.caFile, "-o", "json", "--login", login],
      hub.options,
    );
    await started.waitFor("stdout", '"type":"ready"');
    started.interrupt();
    expect((await started.ended).code).toBe(0);
  });

  test("exit code 6 for an unknown consumer group, before ready is printed", async () => {
    const ended = await monitor("--consumer-group", "nobody");
    expect(errorOf(ended)).toMatchObject({
      code: 6,
      name: "MessagingEntityNotFound",
      message: expect.stringContaining("nobody"),
      hint: expect.stringContaining("--consumer-group"),
    });
    expect(ended.stdout).toBe("");
    expect(ended.code).toBe(6);
  });
});
