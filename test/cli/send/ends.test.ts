/** Every way a run of c2d-send can end: the counters of its summary add up to the planned messages. */

import { readFileSync } from "node:fs";
import type { EventContext } from "rhea";
import { afterEach, describe, expect, test } from "vitest";
import type { BodyPlan } from "../../../src/cli/message/message-plan.ts";
import { sendPlanned } from "../../../src/cli/send/send.ts";
import type { SendFlags } from "../../../src/cli/send/send-flags.ts";
import { toRunOptions, toSendOptions } from "../../../src/cli/send/send-options.ts";
import { OutputClosedError, OutputError } from "../../../src/cli/terminal/output.ts";
import type { ServiceConfig } from "../../../src/config/service-config.ts";
import { parseHubConnectionString } from "../../../src/core/connection-string.ts";
import { startLocalHub } from "../../../src/hub/local-hub.ts";
import { type AmqpScript, startScriptedAmqpHub } from "../../client/support/scripted-amqp-hub.ts";
import { InProcess, type InProcessOptions } from "../support/in-process.ts";

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Hub {
  readonly connectionString: string;
  readonly ca: string;
}

/** A hub whose queues hold two messages. */
async function smallHub(): Promise<Hub> {
  const hub = await startLocalHub({ devices: ["d", "e"], queueDepth: 2, feedbackIntervalMs: 10 });
  cleanups.push(() => hub.stop());
  return { connectionString: hub.connectionString, ca: readFileSync(hub.caFile, "utf8") };
}

async function scriptedHub(script: AmqpScript): Promise<Hub> {
  const hub = await startScriptedAmqpHub(script);
  cleanups.push(() => hub.stop());
  const connectionString = `HostName=${hub.hostName};SharedAccessKeyName=service;SharedAccessKey=c2VjcmV0`;
  return { connectionString, ca: hub.ca };
}

interface RunOptions extends InProcessOptions {
  readonly devices?: readonly string[];
  readonly flags?: Partial<SendFlags>;
  readonly body?: BodyPlan;
  readonly isOversize?: boolean;
}

function start(hub: Hub, { devices = ["d"], flags = {}, body, ...options }: RunOptions) {
  const process = new InProcess(options);
  const all: SendFlags = {
    ...({
      output: options.output ?? "json",
      color: false,
      count: 1,
      interval: 0,
      timeout: 60_000,
    } as const),
    ...{ onQueueFull: "wait", connectTimeout: 60_000 },
    ...flags,
  };
  const config: ServiceConfig = {
    hub: {
      type: "remote",
      connectionString: parseHubConnectionString(hub.connectionString),
      from: "the test",
    },
    deviceIds: devices,
    transport: "amqp",
    ca: hub.ca,
    secrets: [],
  };
  const planned = toSendOptions(all, body, Date.now());
  const ended = sendPlanned(
    planned,
    toRunOptions(all),
    config,
    process.context,
    options.isOversize,
  ).then((code) => ({
    code,
    process,
    summary: all.output === "json" ? process.lines.at(-1) : undefined,
  }));
  return { process, ended };
}

function numbers(sent: number, failed: number, unsent: number) {
  return { type: "summary", sent, failed, unsent };
}

describe("a refusal", () => {
  test("by an unknown device among others", async () => {
    const devices = ["d", "nobody", "e"];
    const { ended } = start(await smallHub(), { devices, flags: { count: 2 } });
    const { code, summary, process } = await ended;
    expect(summary).toMatchObject(numbers(4, 2, 0));
    expect(process.errors("failed")).toEqual(
      [1, 4].map((n) => ({
        type: "failed",
        n,
        deviceId: "nobody",
        messageId: expect.stringMatching(`^message_${n}_`),
        name: "DeviceNotFound",
        message: expect.stringContaining("nobody"),
      })),
    );
    expect(process.errors("error")).toMatchObject([{ code: 6, name: "DeviceNotFound" }]);
    expect(code).toBe(6);
  });

  test("the same summary as text", async () => {
    const { ended } = start(await smallHub(), { devices: ["nobody"], output: "text" });
    const { process } = await ended;
    expect(process.stderr).toMatch(
      /^Failed: message 0 to nobody \(message id message_0_\w+\): DeviceNotFound: .*nobody/m,
    );
    expect(process.stdout).toMatch(/^Summary: 0 sent, 1 failed in /m);
  });

  test("by a full queue with --on-queue-full fail", async () => {
    const flags = { count: 5, onQueueFull: "fail" } as const;
    const { code, summary, process } = await start(await smallHub(), { flags }).ended;
    expect(summary).toMatchObject(numbers(2, 3, 0));
    expect(process.errors("failed")).toHaveLength(3);
    expect(code).toBe(6);
  });

  test("by a full queue until --timeout", async () => {
    const flags = { count: 5, timeout: 200 };
    const { code, summary, process } = await start(await smallHub(), { flags }).ended;
    expect(summary).toMatchObject(numbers(2, 3, 0));
    expect(process.errors("failed")).toMatchObject([{ n: 2 }, { n: 3 }, { n: 4 }]);
    expect(code).toBe(6);
  });

  const BIG = new Uint8Array(65_537);
  test.each<readonly [string, RunOptions]>([
    ["a body that is too large to be read", { isOversize: true }],
    ["a body over 64 KB", { body: { type: "bytes", bytes: BIG } }],
    ["properties over 64 KB", { flags: { property: [`a=${"x".repeat(66_000)}`] } }],
  ])("%s", async (_title, options) => {
    const flags = { ...options.flags, count: 2 };
    const { code, summary, process } = await start(await smallHub(), { ...options, flags }).ended;
    expect(summary).toMatchObject(numbers(0, 2, 0));
    expect(process.errors("failed")).toMatchObject([
      { n: 0, deviceId: "d", name: "MessageTooLarge", message: expect.stringContaining("65536") },
      { n: 1, deviceId: "d", name: "MessageTooLarge" },
    ]);
    expect(process.errors("error")).toMatchObject([{ code: 6, name: "MessageTooLarge" }]);
    expect(code).toBe(6);
  });
});

describe("interrupted", () => {
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("by %s while a queue is full: refused messages are unsent", async (signal, code) => {
    const { process, ended } = start(await smallHub(), {
      devices: ["d", "e"],
      flags: { count: 5, timeout: 0 },
      onWrite: () => {
        if (process.lines.length === 3) setImmediate(() => process.interrupt(signal));
      },
    });
    const { summary, ...end } = await ended;
    expect(summary).toMatchObject(numbers(4, 0, 6));
    expect(process.errors("failed")).toEqual([]);
    expect(end.code).toBe(code);
  });

  test("between two messages: the rest is unsent, also in text", async () => {
    const { process, ended } = start(await smallHub(), {
      output: "text",
      flags: { count: 9, interval: 3_600_000 },
      onWrite: () => setImmediate(() => process.interrupt("SIGINT")),
    });
    expect((await ended).code).toBe(130);
    expect(process.stdout).toMatch(/^Summary: 1 sent, 8 unsent in .*\n$/m);
  });

  test("followed by a refusal: the refusal determines the exit code", async () => {
    const hub = await scriptedHub({
      onMessage({ delivery }: EventContext) {
        process.interrupt("SIGINT");
        setImmediate(() => delivery?.reject({ condition: "amqp:not-found" }));
      },
    });
    const { process, ended } = start(hub, { flags: { count: 3, interval: 3_600_000 } });
    const { code, summary } = await ended;
    expect(summary).toMatchObject(numbers(0, 1, 2));
    expect(process.errors("failed")).toMatchObject([{ n: 0, name: "DeviceNotFound" }]);
    expect(code).toBe(6);
  });

  test("waits only briefly for an unresponsive hub", async () => {
    const hub = await scriptedHub({ onMessage: () => process.interrupt("SIGINT") });
    const { process, ended } = start(hub, { flags: { count: 3, interval: 3_600_000 } });
    const { code, summary } = await ended;
    expect(summary).toMatchObject(numbers(0, 1, 2));
    expect(process.errors("failed")).toMatchObject([
      { n: 0, message: expect.stringContaining("may have been enqueued") },
    ]);
    expect(code).toBe(130);
  });

  test("after a negative record: the record determines the exit code", async () => {
    const { process, ended } = start(await smallHub(), {
      flags: { count: 3, interval: 3_600_000, wait: true, expiry: "50ms" },
      onWrite: (text) => {
        if (text.includes("Expired")) setImmediate(() => process.interrupt("SIGINT"));
      },
    });
    const { code, summary } = await ended;
    expect(summary).toMatchObject({ ...numbers(1, 0, 2), negative: 1, pending: 0 });
    expect(code).toBe(7);
  });
});

describe("an error while sending", () => {
  test("a lost connection: messages in flight have failed, the rest is unsent", async () => {
    let taken = 0;
    const hub = await scriptedHub({
      onMessage({ delivery, connection }: EventContext) {
        taken += 1;
        if (taken === 1) delivery?.accept();
        else (connection as unknown as { socket: { destroy(): void } }).socket.destroy();
      },
    });
    const { code, summary, process } = await start(hub, { flags: { count: 5, interval: 200 } })
      .ended;
    expect(summary).toMatchObject(numbers(1, 1, 3));
    expect(process.errors("failed")).toMatchObject([{ n: 1, name: "ConnectionLost" }]);
    expect(process.errors("error")).toMatchObject([{ code: 5, name: "ConnectionLost" }]);
    expect(code).toBe(5);
  });

  test("a lost connection while a queue is full", async () => {
    let taken = 0;
    const hub = await scriptedHub({
      onMessage({ delivery, connection }: EventContext) {
        taken += 1;
        const { socket } = connection as unknown as { socket: { destroy(): void } };
        if (taken > 5) socket.destroy();
        else delivery?.reject({ condition: "amqp:resource-limit-exceeded" });
      },
    });
    const { code, summary, process } = await start(hub, { flags: { count: 5 } }).ended;
    expect(summary).toMatchObject(numbers(0, 1, 4));
    expect(process.errors("failed")).toMatchObject([{ n: 0, name: "ConnectionLost" }]);
    expect(code).toBe(5);
  });

  test("no connection: everything is unsent", async () => {
    const hub = await scriptedHub({ tokenStatus: 401 });
    const { code, summary, process } = await start(hub, { flags: { count: 3 } }).ended;
    expect(summary).toMatchObject(numbers(0, 0, 3));
    expect(process.errors("failed")).toEqual([]);
    expect(code).toBe(4);
  });
});

describe("waiting for feedback", () => {
  test("no record by the deadline: all are sent", async () => {
    const flags = { count: 2, wait: true, timeout: 200 } as const;
    const { code, summary, process } = await start(await smallHub(), { flags }).ended;
    expect(summary).toMatchObject({ ...numbers(2, 0, 0), pending: 2 });
    expect(process.stderr.trimEnd().split("\n").at(-1)).toContain('"name":"Timeout"');
    expect(code).toBe(124);
  });

  test("no record by the deadline, and one refused: exit code 6", async () => {
    const flags = { wait: true, timeout: 200 } as const;
    const { ended } = start(await smallHub(), { devices: ["d", "nobody"], flags });
    const { code, summary } = await ended;
    expect(summary).toMatchObject({ ...numbers(1, 1, 0), pending: 1 });
    expect(code).toBe(6);
  });
});

describe("stdout", () => {
  test("closed: nothing more is sent, and it ends quietly with 0", async () => {
    let writes = 0;
    const { process, ended } = start(await smallHub(), {
      flags: { count: 9, interval: 3_600_000 },
      onWrite: () => {
        writes += 1;
        throw new OutputClosedError("stdout was closed");
      },
    });
    expect((await ended).code).toBe(0);
    expect(process.errors("error")).toEqual([]);
    expect(writes).toBe(1);
  });

  test.each([1, 3])("full at write %i: one error, and the summary on stderr", async (full) => {
    let writes = 0;
    const { process, ended } = start(await smallHub(), {
      devices: ["d", "e", "nobody"],
      onWrite: () => {
        writes += 1;
        if (writes >= full) throw new OutputError("cannot write to stdout: ENOSPC");
      },
    });
    const { code } = await ended;
    expect(process.errors("error").map(({ name }) => name)).toEqual(
      expect.arrayContaining(["OutputError"]),
    );
    expect(process.errors("error").filter(({ name }) => name === "OutputError")).toMatchObject([
      { code: 1, hint: expect.not.stringMatching(/unexpected|bug/) },
    ]);
    const [summary, ...more] = process.errors("summary");
    expect(Number(summary?.sent) + Number(summary?.failed) + Number(summary?.unsent)).toBe(3);
    expect(more).toEqual([]);
    expect(process.stderr.trimEnd().split("\n").at(-1)).toContain('"type":"summary"');
    expect(code).toBe(1);
  });
});
