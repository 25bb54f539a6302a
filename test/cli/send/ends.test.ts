/** Every way a run of c2d-send can end: the counters of its summary add up to the planned messages. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EventContext } from "rhea";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { type AmqpScript, startScriptedAmqpHub } from "../../client/support/scripted-amqp-hub.ts";
import { EventLog } from "../../support/event-log.ts";
import { startHubForTest, temporaryDirectory } from "../../support/local-hub.ts";
import { type Ended, linesOf, RunningCommand } from "../support/run-command.ts";

interface Hub {
  readonly connectionString: string;
  readonly caFile: string;
}

/** A hub whose queues hold two messages. */
function smallHub() {
  return startHubForTest({ devices: ["d", "e"], queueDepth: 2, feedbackIntervalMs: 10 });
}

async function scriptedHub(script: AmqpScript): Promise<Hub> {
  const hub = await startScriptedAmqpHub(script);
  onTestFinished(() => hub.stop());
  const caFile = join(temporaryDirectory(), "ca.pem");
  writeFileSync(caFile, hub.ca);
  const connectionString = `HostName=${hub.hostName};SharedAccessKeyName=service;SharedAccessKey=c2VjcmV0`;
  return { connectionString, caFile };
}

/** @param devices Separated by spaces. */
function start(
  hub: Hub,
  devices: string,
  args: readonly string[] = [],
  stdin = "",
): RunningCommand {
  const ids = devices.split(" ").flatMap((id) => ["-d", id]);
  return new RunningCommand("c2d-send", ["-o", "json", ...ids, ...args], {
    directory: temporaryDirectory(),
    env: { IOTHUB_CONNECTION_STRING: hub.connectionString, IOTHUB_CA_FILE: hub.caFile },
    stdin,
  });
}

async function send(...given: Parameters<typeof start>) {
  return report(await start(...given).ended);
}

function report({ code, stdout, stderr }: Ended) {
  const [summary, failed] = [linesOf(stdout).at(-1), linesOf(stderr, "failed")];
  return { code, stdout, stderr, summary, failed, errors: linesOf(stderr, "error") };
}

function numbers(sent: number, failed: number, unsent: number) {
  return { type: "summary", sent, failed, unsent };
}

describe("a refusal", () => {
  test("by an unknown device among others", async () => {
    const { code, summary, failed, errors } = await send(await smallHub(), "d nobody e", [
      "--count",
      "2",
    ]);
    expect(summary).toMatchObject(numbers(4, 2, 0));
    expect(failed).toEqual(
      [1, 4].map((n) => ({
        type: "failed",
        n,
        deviceId: "nobody",
        messageId: expect.stringMatching(`^message_${n}_`),
        name: "DeviceNotFound",
        message: expect.stringContaining("nobody"),
      })),
    );
    expect(errors).toMatchObject([{ code: 6, name: "DeviceNotFound" }]);
    expect(code).toBe(6);
  });

  test("the same summary as text", async () => {
    const { stdout, stderr } = await send(await smallHub(), "nobody", ["-o", "text"]);
    expect(stderr).toMatch(
      /^Failed: message 0 to nobody \(message id message_0_\w+\): DeviceNotFound: .*nobody/m,
    );
    expect(stdout).toMatch(/^Summary: 0 sent, 1 failed in /m);
  });

  test("by a full queue with --on-queue-full fail", async () => {
    const args = ["--count", "5", "--on-queue-full", "fail"];
    const { code, summary, failed } = await send(await smallHub(), "d", args);
    expect(summary).toMatchObject(numbers(2, 3, 0));
    expect(failed).toHaveLength(3);
    expect(code).toBe(6);
  });

  test("by a full queue until --timeout", async () => {
    const args = ["--count", "5", "--timeout", "200ms"];
    const { code, summary, failed } = await send(await smallHub(), "d", args);
    expect(summary).toMatchObject(numbers(2, 3, 0));
    expect(failed).toMatchObject([{ n: 2 }, { n: 3 }, { n: 4 }]);
    expect(code).toBe(6);
  });

  const TOO_LARGE = "00".repeat(65_537);
  test.each<readonly [string, readonly string[], string]>([
    ["a body that is too large to be read", ["--data", "-"], "x".repeat(300_000)],
    ["a body over 64 KB", ["--data", TOO_LARGE, "--data-encoding", "hex"], ""],
    ["properties over 64 KB", ["-p", `a=${"x".repeat(66_000)}`], ""],
  ])("%s", async (_title, args, stdin) => {
    const all = ["--count", "2", ...args];
    const { code, summary, failed, errors } = await send(await smallHub(), "d", all, stdin);
    expect(summary).toMatchObject(numbers(0, 2, 0));
    expect(failed).toMatchObject([
      { n: 0, deviceId: "d", name: "MessageTooLarge", message: expect.stringContaining("65536") },
      { n: 1, deviceId: "d", name: "MessageTooLarge" },
    ]);
    expect(errors).toMatchObject([{ code: 6, name: "MessageTooLarge" }]);
    expect(code).toBe(6);
  });
});

describe("interrupted", () => {
  const HOURLY = ["--count", "3", "--interval", "1h"];

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("by %s while a queue is full: refused messages are unsent", async (signal, code) => {
    const command = start(await smallHub(), "d e", ["--count", "5", "--timeout", "0"]);
    await command.waitFor("stdout", /("type":"sent"[\s\S]*){4}/);
    command.interrupt(signal);
    const { summary, failed, ...end } = report(await command.ended);
    expect(summary).toMatchObject(numbers(4, 0, 6));
    expect(failed).toEqual([]);
    expect(end.code).toBe(code);
  });

  test("between two messages: the rest is unsent, also in text", async () => {
    const command = start(await smallHub(), "d", [...HOURLY, "-o", "text"]);
    await command.waitFor("stdout", "message_0");
    command.interrupt();
    const { code, stdout } = await command.ended;
    expect(code).toBe(130);
    expect(stdout).toMatch(/^Summary: 1 sent, 2 unsent in .*\n$/m);
  });

  test("followed by a refusal: the refusal determines the exit code", async () => {
    const hub = await scriptedHub({
      onMessage({ delivery }: EventContext) {
        command.interrupt();
        setImmediate(() => delivery?.reject({ condition: "amqp:not-found" }));
      },
    });
    const command = start(hub, "d", HOURLY);
    const { code, summary, failed } = report(await command.ended);
    expect(summary).toMatchObject(numbers(0, 1, 2));
    expect(failed).toMatchObject([{ n: 0, name: "DeviceNotFound" }]);
    expect(code).toBe(6);
  });

  test("waits only briefly for an unresponsive hub", async () => {
    const hub = await scriptedHub({ onMessage: () => command.interrupt() });
    const command = start(hub, "d", HOURLY);
    const { code, summary, failed } = report(await command.ended);
    expect(summary).toMatchObject(numbers(0, 1, 2));
    expect(failed).toMatchObject([
      { n: 0, message: expect.stringContaining("may have been enqueued") },
    ]);
    expect(code).toBe(130);
  });

  test("after a negative record: the record determines the exit code", async () => {
    const command = start(await smallHub(), "d", [...HOURLY, "--wait", "--expiry", "50ms"]);
    await command.waitFor("stdout", "Expired");
    command.interrupt();
    const { code, summary } = report(await command.ended);
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
    const args = ["--count", "5", "--interval", "200ms"];
    const { code, summary, failed, errors } = await send(hub, "d", args);
    expect(summary).toMatchObject(numbers(1, 1, 3));
    expect(failed).toMatchObject([{ n: 1, name: "ConnectionLost" }]);
    expect(errors).toMatchObject([{ code: 5, name: "ConnectionLost" }]);
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
    const { code, summary, failed } = await send(hub, "d", ["--count", "5"]);
    expect(summary).toMatchObject(numbers(0, 1, 4));
    expect(failed).toMatchObject([{ n: 0, name: "ConnectionLost" }]);
    expect(code).toBe(5);
  });

  test("no connection: everything is unsent", async () => {
    const hub = await scriptedHub({ tokenStatus: 401 });
    const { code, summary, failed } = await send(hub, "d", ["--count", "3"]);
    expect(summary).toMatchObject(numbers(0, 0, 3));
    expect(failed).toEqual([]);
    expect(code).toBe(4);
  });
});

describe("waiting for feedback", () => {
  const WAIT = ["--wait", "--timeout", "200ms"];

  test("no record by the deadline: all are sent", async () => {
    const args = ["--count", "2", ...WAIT];
    const { code, summary, stderr } = await send(await smallHub(), "d", args);
    expect(summary).toMatchObject({ ...numbers(2, 0, 0), pending: 2 });
    expect(stderr.trimEnd().split("\n").at(-1)).toContain('"name":"Timeout"');
    expect(code).toBe(124);
  });

  test("no record by the deadline, and one refused: exit code 6", async () => {
    const { code, summary } = await send(await smallHub(), "d nobody", WAIT);
    expect(summary).toMatchObject({ ...numbers(1, 1, 0), pending: 1 });
    expect(code).toBe(6);
  });
});

describe("stdout", () => {
  test("closed: nothing more is sent, and it ends quietly with 0", async () => {
    const hub = await smallHub();
    const log = new EventLog(hub);
    const command = start(hub, "d", ["--count", "9", "--interval", "1h"]);
    command.readers.stdout.destroy();
    const { code, errors } = report(await command.ended);
    expect(code).toBe(0);
    expect(errors).toEqual([]);
    expect(log.of("enqueued")).toHaveLength(1);
  });

  test.each([1, 3])("full at write %i: one error, and the summary on stderr", async (full) => {
    const command = start(await smallHub(), "d e nobody");
    const { stdout } = command.readers;
    const write = stdout.write.bind(stdout) as (text: string, done: Done) => boolean;
    let writes = 0;
    vi.spyOn(stdout, "write").mockImplementation(((text: string, done: Done) => {
      writes += 1;
      if (writes < full) return write(text, done);
      done(Object.assign(new Error("ENOSPC"), { code: "ENOSPC" }));
      return true;
    }) as typeof stdout.write);
    const { code, stderr, errors } = report(await command.ended);
    expect(errors.filter(({ name }) => name === "OutputError")).toMatchObject([
      { code: 1, hint: expect.not.stringMatching(/unexpected|bug/) },
    ]);
    const [summary, ...more] = linesOf(stderr, "summary");
    expect(Number(summary?.sent) + Number(summary?.failed) + Number(summary?.unsent)).toBe(3);
    expect(more).toEqual([]);
    expect(stderr.trimEnd().split("\n").at(-1)).toContain('"type":"summary"');
    expect(code).toBe(1);
  });
});

type Done = (error?: Error) => void;
