/** `c2d-send --lines`: each line of stdin is a message. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import type { EventContext } from "rhea";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type LocalHub, startLocalHub } from "../../../src/hub/local-hub.ts";
import { startScriptedAmqpHub } from "../../client/support/scripted-amqp-hub.ts";
import { sharedDirectory, startHubForTest } from "../../support/local-hub.ts";
import { linesOf, messagesOf, RunningCommand, run } from "../support/run-command.ts";
import { StartedHub } from "../support/started-hub.ts";

const directory = sharedDirectory();
let hub: LocalHub;

beforeAll(async () => {
  hub = await startLocalHub({ devices: ["d", "e"], queueDepth: 100_000 });
});

afterAll(() => hub.stop());

function start(
  input: Readable,
  args: readonly string[],
  at: Pick<LocalHub, "connectionString" | "caFile"> = hub,
): RunningCommand {
  return new RunningCommand("c2d-send", ["--lines", "-o", "json", ...args], {
    directory,
    env: { IOTHUB_CONNECTION_STRING: at.connectionString, IOTHUB_CA_FILE: at.caFile },
    input,
  });
}

async function send(input: string | Buffer, ...args: readonly string[]) {
  return await endOf(start(Readable.from([Buffer.from(input)]), ["-d", "d", ...args]));
}

async function endOf(command: RunningCommand) {
  const ended = await command.ended;
  const { stdout, stderr } = ended;
  const [summary] = linesOf(stdout, "summary");
  return { ...ended, summary, failed: linesOf(stderr, "failed"), errors: linesOf(stderr, "error") };
}

function numbers(sent: number, failed: number, unsent: number) {
  return { type: "summary", sent, failed, unsent };
}

async function receive(deviceId: string, count: number) {
  const env = {
    IOTHUB_DEVICE_CONNECTION_STRING: hub.deviceConnectionString(deviceId),
    IOTHUB_CA_FILE: hub.caFile,
  };
  const args = ["listen", "-o", "json", "--count", String(count)];
  return messagesOf(await run("c2d-device", args, { directory, env }));
}

/** Lines without end, and how many of them were read. */
class Endless extends Readable {
  lines = 0;

  constructor() {
    super({ highWaterMark: 100 });
  }

  override _read(): void {
    this.lines += 10;
    this.push("line\n".repeat(10));
  }
}

describe("the lines", () => {
  test("go to each device, in order, without carriage returns and blank lines", async () => {
    const { code, summary } = await send("one\r\n\n \t\r\ntwo  \n three", "-d", "e");
    expect(summary).toMatchObject(numbers(6, 0, 0));
    expect(code).toBe(0);
    for (const [first, deviceId] of ["d", "e"].entries()) {
      const messages = await receive(deviceId, 3);
      expect(messages.map(({ body }) => body)).toEqual(["one", "two  ", " three"]);
      expect(messages.map(({ messageId }) => String(messageId).split("_")[1])).toEqual(
        [0, 2, 4].map((n) => String(n + first)),
      );
      expect(messages[0]).toMatchObject({ contentEncoding: "utf-8", properties: {} });
      expect(messages[0]).not.toHaveProperty("contentType");
    }
  });

  test("are sent as they come", async () => {
    const input = new PassThrough();
    const command = start(input, ["-d", "d", "--expiry", "90s", "--dry-run"]);
    input.write("first\nsec");
    await command.waitFor("stdout", `"body":"first"`);
    expect(command.stdout).not.toContain("sec");
    const secondMs = Date.now();
    input.end("ond\n");
    const { code, stdout } = await command.ended;
    const [, second] = messagesOf({ stdout });
    expect(second).toMatchObject({ body: "second" });
    // A relative expiry counts for each line.
    expect(Date.parse(String(second?.expiryTimeUtc))).toBeGreaterThanOrEqual(secondMs + 90_000);
    expect(code).toBe(0);
  });

  test("are sent to the hub as they come", async () => {
    const input = new PassThrough();
    const command = start(input, ["-d", "d", "--interval", "1ms"]);
    for (const n of [0, 1, 2]) {
      input.write(`line ${n}\n`);
      await command.waitFor("stdout", `"type":"sent","n":${n}`);
    }
    input.end();
    expect(await endOf(command)).toMatchObject({ code: 0, summary: numbers(3, 0, 0) });
    await receive("d", 3);
  });

  test("without any, nothing is sent", async () => {
    expect(await send("\n\r\n")).toMatchObject({ code: 0, summary: numbers(0, 0, 0), failed: [] });
  });

  test("a wait for input is interrupted at once", async () => {
    const input = new PassThrough();
    const command = start(input, ["-d", "d"]);
    input.write("one\n");
    await command.waitFor("stdout", `"type":"sent"`);
    command.interrupt();
    expect(await endOf(command)).toMatchObject({ code: 130, summary: numbers(1, 0, 0) });
    expect(input.destroyed).toBe(true);
    await receive("d", 1);
  });

  test("that cannot be read are a usage error, after those before", async () => {
    const input = new Readable({
      read() {
        this.push("one\n");
        this.destroy(Object.assign(new Error("EIO"), { code: "EIO", syscall: "read" }));
      },
    });
    const { code, errors, summary } = await endOf(start(input, ["-d", "d", "--dry-run"]));
    expect(errors).toMatchObject([{ name: "UsageError", message: expect.stringContaining("EIO") }]);
    expect(summary).toMatchObject(numbers(0, 0, 0));
    expect(code).toBe(2);
  });
});

describe("what is sent", () => {
  /** Bodies, or the names of errors. */
  async function dryRun(input: string | Buffer, ...args: readonly string[]) {
    const ended = await send(input, "--dry-run", ...args);
    const bodies = messagesOf(ended).map(({ body }) => body);
    return { ...ended, bodies, names: ended.failed.map(({ name }) => name) };
  }

  test.each<readonly [string, string | Buffer, readonly string[], readonly unknown[]]>([
    ["hex", "00ff\nzz\n0\n 66 6f \n", ["--data-encoding", "hex"], ["AP8=", "fo"]],
    ["base64", "Zm8=\n*\n", ["--data-encoding", "base64"], ["fo"]],
    ["text", Buffer.from("a\n\xff\xfe\nb\n", "latin1"), [], ["a", "b"]],
    ["JSON", '{"a":1}\n{no\n2', ["--ct", "application/json"], [{ a: 1 }, 2]],
    ["another charset", "a\n\u00e4\n", ["--ce", "latin1"], ["a"]],
    ["templates", "{{n}}\n{{nn}}\n{{ deviceId }}", ["--template"], ["0", "d"]],
  ])("%s: other lines fail, and the run goes on", async (_form, input, args, expected) => {
    const { code, bodies, names, summary } = await dryRun(input, ...args);
    expect(bodies).toEqual(expected);
    expect(new Set(names)).toEqual(new Set(["ArgumentInvalid"]));
    expect(summary).toMatchObject(numbers(0, names.length, 0));
    expect(code).toBe(6);
  });

  test("placeholders of lines stay as they are without --template", async () => {
    const { bodies } = await dryRun("{{n}} {{nn}}\n");
    expect(bodies).toEqual(["{{n}} {{nn}}"]);
  });

  test("a line and its properties get the same values", async () => {
    const { stdout } = await dryRun("{{uuid}}\n", "--template", "--mid", "x-{{ uuid }}");
    const [message] = messagesOf({ stdout });
    expect(message?.messageId).toBe(`x-${message?.body}`);
  });

  test("a failed line is reported in its turn, with its number and id", async () => {
    const { code, failed, errors, summary } = await send("0\n1\nx\n", "--data-encoding", "hex");
    expect(failed).toMatchObject(
      [0, 1, 2].map((n) => ({ n, deviceId: "d", messageId: expect.stringContaining(`_${n}_`) })),
    );
    expect(errors).toMatchObject([{ code: 6, name: "ArgumentInvalid" }]);
    expect(summary).toMatchObject(numbers(0, 3, 0));
    expect(code).toBe(6);
  });

  test.each([
    ["utf8", "x", 65_536],
    ["hex", "ff", 65_536],
  ])("a line of 64 KB fits, one byte more does not: %s", async (encoding, unit, count) => {
    const input = `${unit.repeat(count)}\r\n${unit.repeat(count + 1)}\r\n${unit}\n`;
    const { code, stdout, failed } = await dryRun(input, "--data-encoding", encoding);
    expect(messagesOf({ stdout }).map(({ bytes }) => bytes)).toEqual([65_536, 1]);
    expect(failed).toMatchObject([{ n: 1, name: "MessageTooLarge" }]);
    expect(code).toBe(6);
  });

  test("what is too large once it is filled in fails, too", async () => {
    const { code, names } = await dryRun("{{uuid}}".repeat(8000), "--template");
    expect(names).toEqual(["MessageTooLarge"]);
    expect(code).toBe(6);
  });

  test("a line of 100 MB without end is one failed message, and nothing of it is kept", async () => {
    const chunk = Buffer.alloc(64 * 1024, "x");
    function* long(): Generator<Buffer> {
      for (let n = 0; n < 1600; n++) yield chunk;
      yield Buffer.from("\nnext\n");
    }
    const { code, failed, summary } = await endOf(start(Readable.from(long()), ["-d", "d"]));
    expect(failed).toMatchObject([{ n: 0, name: "MessageTooLarge" }]);
    expect(summary).toMatchObject(numbers(1, 1, 0));
    expect(code).toBe(6);
    expect(await receive("d", 1)).toMatchObject([{ body: "next" }]);
  });
});

describe("lines without end", () => {
  test("end with the only device unknown", async () => {
    const { code, failed, errors } = await endOf(start(new Endless(), ["-d", "nobody"]));
    expect(new Set(failed.map(({ name }) => name))).toEqual(new Set(["DeviceNotFound"]));
    expect(errors).toMatchObject([{ code: 6, name: "DeviceNotFound" }]);
    expect(code).toBe(6);
  });

  test("go on with one of several devices unknown", async () => {
    const args = ["-d", "nobody", "-d", "d"];
    const { code, summary } = await endOf(start(Readable.from([Buffer.from("a\nb\n")]), args));
    expect(summary).toMatchObject(numbers(2, 2, 0));
    expect(code).toBe(6);
    await receive("d", 2);
  });

  test("wait for a full device, up to 1,000 of them", async () => {
    const small = await startHubForTest({ devices: ["d"], queueDepth: 2 });
    const input = new Endless();
    const command = start(input, ["-d", "d", "--timeout", "0", "--verbose"], small);
    // Said before the second retry: half a second after the first refusal.
    await command.waitFor("stderr", "d: next attempt in");
    const { lines } = input;
    await command.waitFor("stderr", /(d: next attempt in[\s\S]*){2}/);
    expect(input.lines).toBe(lines);
    command.interrupt();
    expect(await endOf(command)).toMatchObject({ code: 130, summary: numbers(2, 0, 1000) });
  });

  test("are read no faster than stdout", async () => {
    const input = new Endless();
    const command = start(input, ["-d", "d", "--dry-run"]);
    command.readers.stdout.pause();
    await expect.poll(() => input.lines).toBeGreaterThan(0);
    await new Promise(setImmediate);
    const { lines } = input;
    for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
    expect(input.lines).toBe(lines);
    command.interrupt();
    command.readers.stdout.resume();
    expect((await command.ended).code).toBe(130);
  });

  test("are read no faster than stderr, where their failures go", async () => {
    const input = new Endless();
    const command = start(input, ["-d", "d", "--data-encoding", "hex"]);
    await command.waitFor("stderr", `"type":"failed"`);
    command.readers.stderr.pause();
    const turns = async () => {
      for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
      return input.lines;
    };
    const lines = await turns();
    expect(await turns()).toBe(lines);
    command.interrupt();
    command.readers.stderr.resume();
    expect((await command.ended).code).toBe(6);
  });
});

describe("a lost connection", () => {
  test("is reopened, and the lines that waited are sent", async () => {
    const local = await StartedHub.start();
    onTestFinished(() => local.stop());
    const input = new PassThrough();
    const args = ["--local", "--lines", "-o", "json", "-d", "d"];
    const command = new RunningCommand("c2d-send", args, { ...local.options, input });
    input.write("one\n");
    await command.waitFor("stdout", `"type":"sent","n":0`);
    await local.end();
    await command.waitFor("stderr", "Reconnecting until --timeout.");
    input.write("two\nthree\n");
    await local.begin();
    await command.waitFor("stdout", `"type":"sent","n":2`);
    input.end("four\n");
    expect(await endOf(command)).toMatchObject({ code: 0, summary: numbers(4, 0, 0) });
    const received = messagesOf(
      await local.run("c2d-device", "listen", "-d", "d", "-c", "4", "-o", "json"),
    );
    expect(received.map(({ body }) => body)).toEqual(["one", "two", "three", "four"]);
  });

  /** Its hub has stopped, and a line waits for a connection. */
  async function startWithoutHub(...args: readonly string[]) {
    const stopped = await startLocalHub({ devices: ["d"] });
    const input = new PassThrough();
    const command = start(input, ["-d", "d", ...args], stopped);
    input.write("one\n");
    await command.waitFor("stdout", `"type":"sent"`);
    await stopped.stop();
    await command.waitFor("stderr", "Reconnecting");
    input.write("two\n");
    await expect.poll(() => input.readableLength).toBe(0);
    return command;
  }

  test("ends the run if it is not reopened until --timeout", async () => {
    const command = await startWithoutHub("--timeout", "1s");
    const { code, errors, summary, failed } = await endOf(command);
    expect(errors).toMatchObject([{ code: 5, name: "ConnectionLost" }]);
    expect(failed).toEqual([]);
    expect(summary).toMatchObject({ sent: 1, failed: 0 });
    expect(code).toBe(5);
  });

  test("can be interrupted while it is reopened", async () => {
    const command = await startWithoutHub("--timeout", "0");
    expect(command.stderr).toContain("Reconnecting for as long as it takes.");
    command.interrupt();
    expect(await endOf(command)).toMatchObject({ code: 130, summary: numbers(1, 0, 1) });
  });

  test("fails what has no answer, and nothing is sent twice", async () => {
    let taken = 0;
    const script = await startScriptedAmqpHub({
      onMessage({ delivery, connection }: EventContext) {
        taken += 1;
        if (taken !== 2) delivery?.accept();
        else (connection as unknown as { socket: { destroy(): void } }).socket.destroy();
      },
    });
    onTestFinished(() => script.stop());
    const caFile = join(directory, "scripted.pem");
    writeFileSync(caFile, script.ca);
    const connectionString = `HostName=${script.hostName};SharedAccessKeyName=service;SharedAccessKey=c2VjcmV0`;
    const input = Readable.from([Buffer.from("a\nb\nc\n")]);
    const args = ["-d", "d", "--interval", "50ms"];
    const command = start(input, args, { connectionString, caFile });
    const { code, summary, failed } = await endOf(command);
    expect(failed).toMatchObject([{ n: 1, name: "ConnectionLost" }]);
    expect(summary).toMatchObject(numbers(2, 1, 0));
    expect(script.messages).toHaveLength(3);
    expect(code).toBe(6);
  });
});

describe("--wait", () => {
  const LINES = "x\n".repeat(10_050);

  test("waits for the feedback of each line", async () => {
    const listening = receive("d", 3);
    const { code, summary } = await send("a\nb\nc\n", "--wait");
    expect(summary).toMatchObject({ ...numbers(3, 0, 0), success: 3, pending: 0 });
    expect(code).toBe(0);
    await listening;
  });

  test("pauses at 10,000 records, and ends if none makes room in time", async () => {
    const { code, summary, stderr, errors } = await send(LINES, "--wait", "--timeout", "200ms");
    expect(stderr).toContain("10000 messages await feedback; reading pauses");
    expect(summary).toMatchObject({ ...numbers(10_000, 0, 0), pending: 10_000 });
    expect(errors).toMatchObject([{ code: 124, name: "Timeout" }]);
    expect(code).toBe(124);
  });

  test("with --ack negative, none in time is a success, and reading goes on", async () => {
    const args = ["--wait", "--ack", "negative", "--timeout", "200ms"];
    const { code, summary } = await send(LINES, ...args);
    expect(summary).toMatchObject({ ...numbers(10_050, 0, 0), negative: 0 });
    expect(code).toBe(0);
  });
});
