import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type ExecutableName,
  parseLines,
  RunningExecutable,
  type RunOptions,
  run,
} from "../support/run-executable.ts";

let directory: string;
let options: RunOptions & { readonly env: Readonly<Record<string, string>> };
let started: RunningExecutable[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "c2d-local-"));
  options = { directory, env: { C2D_HOME: join(directory, "home") } };
  started = [];
});

afterEach(async () => {
  for (const executable of started) executable.process.kill("SIGKILL");
  await Promise.all(started.map(({ ended }) => ended));
  await run("c2d-hub", ["stop"], options);
  rmSync(directory, { recursive: true, force: true });
});

function start(name: ExecutableName, ...args: readonly string[]): RunningExecutable {
  const executable = new RunningExecutable(name, args, options);
  started.push(executable);
  return executable;
}

async function startHub(...args: readonly string[]): Promise<RunningExecutable> {
  const hub = start("c2d-hub", "start", "--port", "0", "-o", "json", ...args);
  await hub.waitFor("stdout", `"type":"hub"`);
  return hub;
}

async function startListener(...args: readonly string[]): Promise<RunningExecutable> {
  const listener = start("c2d-device", "listen", "--local", "-o", "json", ...args);
  await listener.waitFor("stdout", `"type":"ready"`);
  return listener;
}

const send = (...args: readonly string[]) =>
  run("c2d-send", ["--local", "-o", "json", ...args], options);

function messagesOf({ stdout }: { readonly stdout: string }) {
  return parseLines(stdout).filter(({ type }) => type === "message");
}

function portsOf(line: Record<string, unknown> | undefined): readonly unknown[] {
  return Array.isArray(line?.ports) ? line.ports : [];
}

describe("c2d-hub", () => {
  test("start says where it listens; SIGTERM ends it with 0", async () => {
    const hub = await startHub();
    const [line] = parseLines(hub.stdout);
    expect(line).toEqual({
      type: "hub",
      hostName: expect.stringMatching(/^localhost:\d+$/),
      ports: [expect.any(Number)],
      caFile: join(directory, "home", "ca.pem"),
      pid: hub.process.pid,
    });
    expect(statSync(join(directory, "home")).mode & 0o777).toBe(0o700);
    hub.process.kill("SIGTERM");
    expect((await hub.ended).code).toBe(0);
  });

  test("a second one for the same home is refused", async () => {
    await startHub();
    const { code, stderr } = await run("c2d-hub", ["start", "--port", "0"], options);
    expect(stderr).toContain("is running for");
    expect(code).toBe(6);
  });

  test("a taken port is told", async () => {
    const hub = await startHub();
    const [line] = parseLines(hub.stdout);
    const port = String(portsOf(line)[0]);
    const { code, stderr } = await run("c2d-hub", ["start", "--port", port], {
      directory,
      env: { C2D_HOME: join(directory, "other") },
    });
    expect(stderr).toContain(`Port ${port}`);
    expect(code).toBe(6);
  });

  test("status and stop", async () => {
    const none = await run("c2d-hub", ["status", "-o", "json"], options);
    expect(none.code).toBe(5);
    expect(parseLines(none.stderr)).toMatchObject([{ name: "LocalHubNotRunning" }]);
    const hub = await startHub();
    const status = await run("c2d-hub", ["status", "-o", "json"], options);
    const [ready] = parseLines(hub.stdout);
    expect(parseLines(status.stdout)).toEqual([{ ...ready, refusedHandshakes: 0 }]);
    const stop = await run("c2d-hub", ["stop"], options);
    expect(stop.code).toBe(0);
    expect((await hub.ended).code).toBe(0);
    expect((await run("c2d-hub", ["status"], options)).code).toBe(5);
  });

  test("stop leaves a stranger alone whose process id and port a stale hub.json names", async () => {
    const hub = await startHub();
    const hubFile = join(directory, "home", "hub.json");
    const description = JSON.parse(readFileSync(hubFile, "utf8")) as object;
    await run("c2d-hub", ["stop"], options);
    await hub.ended;
    const other = { directory, env: { C2D_HOME: join(directory, "other") } };
    const stranger = new RunningExecutable(
      "c2d-hub",
      ["start", "--port", "0", "-o", "json"],
      other,
    );
    started.push(stranger);
    await stranger.waitFor("stdout", `"type":"hub"`);
    const [line] = parseLines(stranger.stdout);
    const [port] = portsOf(line);
    const stale = { ...description, pid: line?.pid, ports: [port], endpoint: `localhost:${port}` };
    writeFileSync(hubFile, JSON.stringify(stale));
    const stop = await run("c2d-hub", ["stop"], options);
    expect(stop.stderr).toContain("No local hub is running");
    expect((await run("c2d-hub", ["status"], other)).code).toBe(0);
  });

  test("env gives variables that other programs can use, in each form", async () => {
    expect((await run("c2d-hub", ["env"], options)).code).toBe(5);
    await startHub();
    const json = await run("c2d-hub", ["env", "--format", "json", "-d", "d2"], options);
    const variables = JSON.parse(json.stdout) as Record<string, string>;
    expect(Object.keys(variables)).toEqual([
      "IOTHUB_CONNECTION_STRING",
      "IOTHUB_DEVICE_CONNECTION_STRING",
      "IOTHUB_DEVICE_ID",
      "EVENTHUB_CONNECTION_STRING",
      "IOTHUB_CA_FILE",
      "NODE_EXTRA_CA_CERTS",
      "SSL_CERT_FILE",
      "REQUESTS_CA_BUNDLE",
    ]);
    const bundle = readFileSync(variables.SSL_CERT_FILE ?? "", "utf8");
    expect(bundle).toContain(readFileSync(variables.IOTHUB_CA_FILE ?? "", "utf8").trim());
    expect(bundle.match(/BEGIN CERTIFICATE/g)?.length).toBeGreaterThan(50);
    const sh = await run("c2d-hub", ["env", "-d", "d2"], options);
    expect(sh.stdout).toContain(
      `export IOTHUB_CONNECTION_STRING='${variables.IOTHUB_CONNECTION_STRING}'\n`,
    );
    const dotenv = await run("c2d-hub", ["env", "-d", "d2", "--format", "dotenv"], options);
    writeFileSync(join(directory, ".env"), dotenv.stdout);
    // No --local: the tools take the hub from .env, as they would take Azure's.
    const sent = await run("c2d-send", ["-o", "json"], { directory });
    expect(parseLines(sent.stdout)).toMatchObject([{ deviceId: "d2" }, { sent: 1 }]);
    const received = await run("c2d-device", ["listen", "-c", "1", "-o", "json"], { directory });
    expect(messagesOf(received)).toMatchObject([{ deviceId: "d2" }]);
  });
});

describe("--local", () => {
  test("starts a hub in the background, whose end of streams nobody waits for", async () => {
    const sent = await run("c2d-send", ["--local", "-o", "json"], options);
    expect(sent.stderr).toMatch(/^Starting the local hub in the background/);
    expect(sent.code).toBe(0);
    const again = await run("c2d-send", ["--local", "-o", "json"], options);
    expect(again.stderr).not.toContain("Starting");
    expect(again.stderr).toContain("Hub: localhost:");
    const listened = await run(
      "c2d-device",
      ["listen", "--local", "-c", "2", "-o", "json"],
      options,
    );
    expect(messagesOf(listened)).toHaveLength(2);
  });

  test("two commands at the same moment end with one hub", async () => {
    const results = await Promise.all([send(), send(), send()]);
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0]);
    const { stdout } = await run(
      "c2d-device",
      ["listen", "--local", "-c", "3", "-o", "json", "--timeout", "20s"],
      options,
    );
    expect(messagesOf({ stdout })).toHaveLength(3);
  });

  test("with .env.example as .env nothing else is needed", async () => {
    const example = new URL("../../../.env.example", import.meta.url);
    writeFileSync(join(directory, ".env"), readFileSync(example));
    expect((await run("c2d-send", ["--count", "2"], options)).code).toBe(0);
    const listened = await run("c2d-device", ["listen", "--count", "2"], options);
    expect(listened.stdout.match(/Message received:/g)).toHaveLength(2);
  });
});

describe("a message's way", () => {
  test("sent, printed, settled, and its feedback", async () => {
    await startHub();
    const listener = await startListener("--count", "1");
    const sent = await send(
      "--wait",
      "--data",
      '{"a":1}',
      "--ct",
      "application/json",
      "-p",
      "k=v=w",
      "--uid",
      "me",
    );
    const [line, feedback, summary] = parseLines(sent.stdout);
    expect(line).toEqual({
      type: "sent",
      n: 0,
      deviceId: "device1",
      messageId: expect.stringMatching(/^message_0_[0-9a-f]{8}$/),
      correlationId: expect.stringMatching(/^correlation_0_[0-9a-f]{8}$/),
      bytes: 7,
      ack: "full",
      sentAt: expect.any(String),
    });
    expect(feedback).toEqual({
      type: "feedback",
      originalMessageId: line?.messageId,
      deviceId: "device1",
      statusCode: "Success",
      description: expect.any(String),
      enqueuedTimeUtc: expect.any(String),
      latencyMs: expect.any(Number),
    });
    expect(summary).toEqual({
      type: "summary",
      sent: 1,
      failed: 0,
      unsent: 0,
      success: 1,
      negative: 0,
      pending: 0,
      elapsedMs: expect.any(Number),
    });
    expect(sent.code).toBe(0);
    const listened = await listener.ended;
    expect(messagesOf(listened)).toEqual([
      {
        type: "message",
        n: 1,
        receivedAt: expect.any(String),
        deviceId: "device1",
        messageId: line?.messageId,
        correlationId: line?.correlationId,
        userId: "me",
        to: "/devices/device1/messages/devicebound",
        contentType: "application/json",
        contentEncoding: "utf-8",
        ack: "full",
        properties: { k: "v=w" },
        body: { a: 1 },
        bodyEncoding: "json",
        bytes: 7,
        duplicate: false,
      },
    ]);
    expect(listened.code).toBe(0);
  });

  test("bytes that are no text come as base64", async () => {
    await startHub();
    await send("--data", "00ff", "--data-encoding", "hex");
    const listened = await run(
      "c2d-device",
      ["listen", "--local", "-c", "1", "-o", "json"],
      options,
    );
    expect(messagesOf(listened)).toMatchObject([
      { body: "AP8=", bodyEncoding: "base64", bytes: 2 },
    ]);
  });

  test("text output shows what a terminal might obey", async () => {
    await startHub();
    await send("--data", "\u001b[2Jclear\nTotal calls received: 9", "-p", "k\u001b=v\r");
    const { stdout } = await run("c2d-device", ["listen", "--local", "-c", "1"], options);
    expect(stdout).not.toMatch(/[^\P{Cc}\n]/u);
    expect(stdout).toContain("    \\u001b[2Jclear\n    Total calls received: 9\n");
    expect(stdout).toContain("    k\\u001b: v\\r\n");
    expect(stdout).toContain("\nTotal calls received: 1\n");
  });

  test("beyond --count nothing is settled: it is there for the next", async () => {
    await startHub();
    await send("--count", "3");
    const first = await run("c2d-device", ["listen", "--local", "-c", "1", "-o", "json"], options);
    const second = await run("c2d-device", ["listen", "--local", "-c", "2", "-o", "json"], options);
    const ids = [...messagesOf(first), ...messagesOf(second)].map(({ messageId }) => messageId);
    expect(ids.map((id) => String(id).slice(0, 9))).toEqual([
      "message_0",
      "message_1",
      "message_2",
    ]);
  });

  test("what a killed listener has printed comes again or is settled, and nothing is lost", async () => {
    await startHub();
    const listener = await startListener();
    await send("--count", "20");
    await listener.waitFor("stdout", `"type":"message"`);
    listener.process.kill("SIGKILL");
    const before = messagesOf({ stdout: (await listener.ended).stdout.replace(/[^\n]*$/, "") });
    const after = await run(
      "c2d-device",
      ["listen", "--local", "-o", "json", "--idle-timeout", "1s"],
      options,
    );
    const ids = new Set([...before, ...messagesOf(after)].map(({ messageId }) => messageId));
    expect(ids.size).toBe(20);
  });

  test("each device gets --count messages, and n counts over all", async () => {
    await startHub();
    writeFileSync(join(directory, "ids"), "b\n\nc\n");
    const { stdout } = await send("-d", "a", "--device-file", "ids", "--count", "2");
    const sent = parseLines(stdout).filter(({ type }) => type === "sent");
    const pairs = sent.map(({ n, deviceId }) => `${n}${deviceId}`).sort();
    expect(pairs).toEqual(["0a", "1b", "2c", "3a", "4b", "5c"]);
  });
});

describe("exit codes", () => {
  test("124 when --count is not reached in time, 0 without --count", async () => {
    await startHub();
    const args = ["listen", "--local", "-o", "json", "--timeout", "300ms"];
    const counted = await run("c2d-device", [...args, "--count", "1"], options);
    expect(counted.code).toBe(124);
    expect(
      parseLines(
        counted.stderr
          .split("\n")
          .filter((line) => line.startsWith("{"))
          .join("\n"),
      ),
    ).toMatchObject([{ type: "error", code: 124, name: "Timeout" }]);
    expect((await run("c2d-device", args, options)).code).toBe(0);
    const idle = ["listen", "--local", "--idle-timeout", "200ms", "-c", "1"];
    expect((await run("c2d-device", idle, options)).code).toBe(124);
  });

  test("124 when feedback does not come, with the summary last", async () => {
    await startHub();
    const { code, stdout } = await send("--wait", "--timeout", "300ms");
    expect(parseLines(stdout).at(-1)).toMatchObject({ type: "summary", sent: 1, pending: 1 });
    expect(code).toBe(124);
  });

  test("--ack negative: none by the deadline is good", async () => {
    await startHub();
    const { code, stderr } = await send("--wait", "--ack", "negative", "--timeout", "300ms");
    expect(stderr).toContain("No negative feedback");
    expect(code).toBe(0);
  });

  test("7 for negative feedback", async () => {
    await startHub("--feedback-interval", "50ms");
    const { code, stdout } = await send("--wait", "--expiry", "300ms");
    expect(parseLines(stdout)).toMatchObject([
      { type: "sent" },
      { type: "feedback", statusCode: "Expired" },
      { type: "summary", negative: 1, pending: 0 },
    ]);
    expect(code).toBe(7);
  });

  test("6 when the queue is full and is not waited for", async () => {
    await startHub("--queue-depth", "2");
    const { code, stdout, stderr } = await send("--count", "3", "--on-queue-full", "fail");
    expect(parseLines(stdout).at(-1)).toMatchObject({ type: "summary", sent: 2, failed: 1 });
    expect(stderr).toContain("DeviceMaximumQueueDepthExceeded");
    expect(code).toBe(6);
  });

  test("6 when the queue stays full for --timeout; it is waited for visibly", async () => {
    await startHub("--queue-depth", "1");
    const { code, stderr } = await send("--count", "2", "--timeout", "500ms");
    expect(stderr).toContain("is full; waiting for room");
    expect(code).toBe(6);
  });

  test("a full queue is waited out, in order", async () => {
    await startHub("--queue-depth", "2");
    const sending = start("c2d-send", "--local", "-o", "json", "--count", "6", "-v");
    await sending.waitFor("stderr", "is full; waiting for room");
    const listened = await run(
      "c2d-device",
      ["listen", "--local", "-c", "6", "-o", "json"],
      options,
    );
    const ids = messagesOf(listened).map(({ messageId }) => String(messageId).slice(0, 9));
    expect(ids).toEqual([0, 1, 2, 3, 4, 5].map((n) => `message_${n}`));
    expect((await sending.ended).code).toBe(0);
  });

  test("6 for a message that is too large", async () => {
    await startHub();
    writeFileSync(join(directory, "big"), Buffer.alloc(70_000));
    const { code, stdout, stderr } = await send("--data-file-path", "big");
    expect(stderr).toContain(`"name":"MessageTooLarge"`);
    expect(parseLines(stdout)).toMatchObject([{ type: "summary", sent: 0, failed: 1 }]);
    expect(code).toBe(6);
  });

  test("4 for a wrong key, with a summary of the send", async () => {
    await startHub();
    const env = JSON.parse(
      (await run("c2d-hub", ["env", "--format", "json"], options)).stdout,
    ) as Record<string, string>;
    const wrong = (text = "") => text.replace(/SharedAccessKey=.*/, `SharedAccessKey=${WRONG_KEY}`);
    const common = ["-o", "json", "--ca", env.IOTHUB_CA_FILE ?? ""];
    const sent = await run(
      "c2d-send",
      ["-d", "x", "-l", wrong(env.IOTHUB_CONNECTION_STRING), ...common],
      { directory },
    );
    expect(sent.code).toBe(4);
    expect(sent.stderr).toContain(`"name":"IotHubUnauthorized"`);
    expect(parseLines(sent.stdout)).toMatchObject([{ type: "summary", failed: 0, unsent: 1 }]);
    const listened = await run(
      "c2d-device",
      ["listen", "--connection-string", wrong(env.IOTHUB_DEVICE_CONNECTION_STRING), ...common],
      { directory },
    );
    expect(listened.code).toBe(4);
    expect(`${sent.stderr}${listened.stderr}`).not.toContain(WRONG_KEY);
  });

  test.each<readonly [ExecutableName, readonly string[]]>([
    [
      "c2d-send",
      ["-d", "x", "--login", "HostName=localhost:1;SharedAccessKeyName=s;SharedAccessKey=AAAA"],
    ],
    [
      "c2d-device",
      ["listen", "--connection-string", "HostName=localhost:1;DeviceId=d;SharedAccessKey=AAAA"],
    ],
  ])("5 for %s when nothing listens there", async (name, args) => {
    const { code, stderr } = await run(name, [...args, "--connect-timeout", "5s"], { directory });
    expect(stderr).toContain("error: Cannot connect to localhost:1");
    expect(code).toBe(5);
  });

  test("5 for a certificate that is not trusted", async () => {
    await startHub();
    const env = JSON.parse(
      (await run("c2d-hub", ["env", "--format", "json"], options)).stdout,
    ) as Record<string, string>;
    const { code, stderr } = await run(
      "c2d-device",
      ["listen", "--connection-string", env.IOTHUB_DEVICE_CONNECTION_STRING ?? "", "-o", "json"],
      { directory },
    );
    expect(stderr).toContain(`"name":"UntrustedCertificate"`);
    expect(code).toBe(5);
  });
});

const WRONG_KEY = "d3JvbmcgLSB3cm9uZyAtIHdyb25nISE=";

describe("signals and pipes", () => {
  test.each(["SIGINT", "SIGTERM"] as const)("%s ends an open listen with 0", async (signal) => {
    await startHub();
    const listener = await startListener();
    listener.process.kill(signal);
    expect(await listener.ended).toMatchObject({ code: 0, signal: null });
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s before --count is reached ends with %i", async (signal, code) => {
    await startHub();
    const listener = await startListener("--count", "1");
    listener.process.kill(signal);
    expect(await listener.ended).toMatchObject({ code, signal: null });
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)(
    "%s while feedback is waited for ends with %i and a summary",
    async (signal, code) => {
      await startHub();
      const sending = start("c2d-send", "--local", "-o", "json", "--wait", "--timeout", "0");
      await sending.waitFor("stdout", `"type":"sent"`);
      sending.process.kill(signal);
      const ended = await sending.ended;
      expect(parseLines(ended.stdout).at(-1)).toMatchObject({
        type: "summary",
        sent: 1,
        pending: 1,
      });
      expect(ended).toMatchObject({ code, signal: null });
    },
  );

  test("SIGINT between messages ends with 130, and what was sent stands in the summary", async () => {
    await startHub();
    const sending = start("c2d-send", "--local", "-o", "json", "--count", "9", "--interval", "1h");
    await sending.waitFor("stdout", `"type":"sent"`);
    sending.process.kill("SIGINT");
    const ended = await sending.ended;
    expect(parseLines(ended.stdout).at(-1)).toMatchObject({ type: "summary", sent: 1, failed: 0 });
    expect(ended.code).toBe(130);
  });

  test("a closed stdout ends a listen quietly with 0, and what was not read stays", async () => {
    await startHub();
    const listener = await startListener("-q");
    listener.process.stdout.destroy();
    await send("--message-id", "unread");
    expect(await listener.ended).toMatchObject({ code: 0, signal: null, stderr: "" });
    const after = await run("c2d-device", ["listen", "--local", "-c", "1", "-o", "json"], options);
    expect(messagesOf(after)).toMatchObject([{ messageId: "unread" }]);
  });

  test("a reader who does not read cannot keep a listener from ending", async () => {
    await startHub();
    const listener = await startListener("--count", "50");
    listener.process.stdout.pause();
    // More than a pipe and its reader hold: the listener is in the middle of a write.
    writeFileSync(join(directory, "body"), Buffer.alloc(60_000, "x"));
    await send("--count", "20", "--data-file-path", "body");
    listener.process.kill("SIGINT");
    const code = await new Promise((resolve) => listener.process.on("exit", resolve));
    expect(code).toBe(130);
    listener.process.stdout.resume();
    await listener.ended;
    const after = await run(
      "c2d-device",
      ["listen", "--local", "-o", "json", "--idle-timeout", "1s"],
      options,
    );
    const whole = messagesOf({ stdout: listener.stdout.replace(/[^\n]*$/, "") });
    const ids = new Set([...whole, ...messagesOf(after)].map(({ messageId }) => messageId));
    expect(ids.size).toBe(20);
  });

  test("a second signal ends at once", async () => {
    await startHub();
    const listener = await startListener("--count", "50");
    listener.process.stdout.pause();
    writeFileSync(join(directory, "body"), Buffer.alloc(60_000, "x"));
    await send("--count", "20", "--data-file-path", "body");
    listener.process.kill("SIGTERM");
    const again = setInterval(() => listener.process.kill("SIGTERM"), 50);
    const signal = await new Promise((resolve) => {
      listener.process.on("exit", (_code, by) => resolve(by));
    });
    clearInterval(again);
    expect(signal).toBe("SIGTERM");
    listener.process.stdout.resume();
  });

  test("a reader stuck for several keep-alives loses nothing and keeps its connection", async () => {
    const hub = await startHub();
    const listener = await startListener("--count", "20", "--keepalive", "1s");
    listener.process.stdout.pause();
    writeFileSync(join(directory, "body"), Buffer.alloc(60_000, "x"));
    await send("--count", "20", "--data-file-path", "body");
    // The hub drops a silent client after 1.5 keep-alives: three of them must pass.
    await new Promise((resolve) => setTimeout(resolve, 3500));
    listener.process.stdout.resume();
    const ended = await listener.ended;
    expect(new Set(messagesOf(ended).map(({ messageId }) => messageId)).size).toBe(20);
    expect(messagesOf(ended).some(({ duplicate }) => duplicate)).toBe(false);
    const connects = parseLines(hub.stdout).filter(({ type }) => type === "deviceConnected");
    expect(connects).toHaveLength(1);
  });

  test("--ready-file and --output-file", async () => {
    await startHub();
    await send("--data", "to a file");
    const listener = start(
      "c2d-device",
      "listen",
      "--local",
      "-o",
      "json",
      "-c",
      "1",
      "--ready-file",
      "ready",
      "--output-file",
      "out",
    );
    expect((await listener.ended).code).toBe(0);
    expect(parseLines(readFileSync(join(directory, "ready"), "utf8"))).toMatchObject([
      { type: "ready", deviceId: "device1" },
    ]);
    expect(parseLines(readFileSync(join(directory, "out"), "utf8"))).toMatchObject([
      { type: "message", body: "to a file" },
    ]);
    expect(parseLines(listener.stdout)).toMatchObject([{ type: "ready" }]);
  });
});

describe("a hub that goes and comes back", () => {
  test("on another port: the listener reads where it is, and what it has printed is not lost", async () => {
    const hub = await startHub();
    const listener = await startListener("--count", "2");
    await send("--message-id", "before");
    await listener.waitFor("stdout", `"messageId":"before"`);
    hub.process.kill("SIGKILL");
    await hub.ended;
    await listener.waitFor("stderr", "Connecting again");
    await startHub();
    await send("--message-id", "after");
    const ended = await listener.ended;
    expect(messagesOf(ended).filter(({ duplicate }) => !duplicate)).toMatchObject([
      { messageId: "before" },
      { messageId: "after" },
    ]);
    expect(ended.code).toBe(0);
  });

  test("a listener does not start again a hub of another terminal, but waits for it", async () => {
    await startHub();
    const listener = await startListener();
    await run("c2d-hub", ["stop"], options);
    await listener.waitFor("stderr", "The local hub is not running. Waiting for it");
    expect((await run("c2d-hub", ["status"], options)).code).toBe(5);
    listener.process.kill("SIGINT");
    expect((await listener.ended).code).toBe(0);
  });

  test("however often it is restarted, the listener is back at once, and blames nobody", async () => {
    let hub = await startHub();
    const listener = await startListener();
    for (let time = 0; time < 5; time++) {
      hub.process.kill(time % 2 === 0 ? "SIGTERM" : "SIGKILL");
      await hub.ended;
      hub = await startHub();
      await hub.waitFor("stdout", `"type":"deviceConnected"`);
    }
    expect(listener.stderr).not.toContain("another client");
    // A wait that grows would have come to seconds by now.
    expect(listener.stderr).not.toMatch(/again in \d+(\.\d+)? s/);
  }, 90_000);

  test("a hub in the background that is killed or stopped is started again by whoever needs it", async () => {
    const listener = await startListener();
    const monitor = start("c2d-hub", "monitor-feedback", "--local", "-o", "json");
    const reader = start("c2d-hub", "monitor-events", "--local", "-o", "json");
    for (const tool of [monitor, reader]) await tool.waitFor("stdout", `"type":"ready"`);
    const status = await run("c2d-hub", ["status", "-o", "json"], options);
    process.kill(Number(parseLines(status.stdout)[0]?.pid), "SIGKILL");
    for (const tool of [listener, monitor, reader]) await tool.waitFor("stderr", "Connected again");
    await run("c2d-hub", ["stop"], options);
    await send("--mid", "after");
    await listener.waitFor("stdout", `"messageId":"after"`);
    for (const { process: running } of [listener, monitor, reader]) running.kill("SIGTERM");
  }, 90_000);

  test("a hub that is started in a terminal comes before one in the background", async () => {
    const listener = await startListener();
    await run("c2d-hub", ["stop"], options);
    await listener.waitFor("stderr", "The local hub is not running. Starting one in 3 s");
    const hub = await startHub();
    await hub.waitFor("stdout", `"type":"deviceConnected"`);
    listener.process.kill("SIGTERM");
    // Once at its own beginning.
    expect((await listener.ended).stderr.match(/Starting the local hub/g)).toHaveLength(1);
  }, 60_000);

  test("of two listeners of one device the first ends with 6", async () => {
    await startHub();
    const first = await startListener();
    const second = await startListener();
    const { code, stderr } = await first.ended;
    expect(code).toBe(6);
    expect(stderr.match(/another client connected as device1/g)).toHaveLength(1);
    expect(stderr).toContain(`"name":"ConnectionForcefullyClosedOnNewConnection"`);
    await send("--mid", "to the second");
    await second.waitFor("stdout", `"messageId":"to the second"`);
  });

  test("--no-reconnect ends with 5", async () => {
    const hub = await startHub();
    const listener = await startListener("--no-reconnect");
    hub.process.kill("SIGKILL");
    expect((await listener.ended).code).toBe(5);
  });
});

describe("--from", () => {
  test("what one device has received goes to others as it was", async () => {
    await startHub();
    await send("-d", "a", "--data", "00ff", "--data-encoding", "hex", "-p", "k=v", "--mid", "one");
    await send("-d", "a", "--data", '{"b": 1.0}', "--ct", "application/json", "--mid", "{{n}}");
    const first = await run(
      "c2d-device",
      ["listen", "--local", "-d", "a", "-c", "2", "-o", "json"],
      options,
    );
    const sent = await run(
      "c2d-send",
      ["--local", "-o", "json", "--from", "-", "-d", "b", "-d", "c"],
      { ...options, stdin: first.stdout },
    );
    expect(sent.code).toBe(0);
    expect(parseLines(sent.stdout).at(-1)).toMatchObject({ type: "summary", sent: 4 });
    const second = await run(
      "c2d-device",
      ["listen", "--local", "-d", "b", "-c", "2", "-o", "json"],
      options,
    );
    const asTheyWere = messagesOf(first).map(({ body, raw, messageId, properties, ack }) => {
      return { body, ...(raw !== undefined && { raw }), messageId, properties, ack };
    });
    expect(messagesOf(second)).toMatchObject(asTheyWere);
  });

  test("never back to the device it came from", async () => {
    await startHub();
    const line =
      '{"type":"message","deviceId":"a","body":"","bodyEncoding":"utf8","properties":{}}';
    const { code, stderr } = await run("c2d-send", ["--local", "--from", "-", "-d", "a"], {
      ...options,
      stdin: `${line}\n`,
    });
    expect(stderr).toContain("line 1 of stdin: the message came from a");
    expect(code).toBe(2);
  });

  test("what has expired is dropped with a warning", async () => {
    await startHub();
    const line =
      '{"type":"message","body":"","bodyEncoding":"utf8","expiryTimeUtc":"2001-01-01T00:00:00Z"}';
    writeFileSync(join(directory, "lines"), `${line}\n`);
    const { code, stdout, stderr } = await send("--from", "lines", "-d", "a");
    expect(stderr).toContain("warning: --from: line 1 of lines: expired");
    expect(parseLines(stdout)).toMatchObject([{ type: "summary", sent: 0, failed: 0 }]);
    expect(code).toBe(0);
  });
});
