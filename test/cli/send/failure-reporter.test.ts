/** What goes wrong while c2d-send runs: refused messages, throttling, lost connections. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EventContext } from "rhea";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { type AmqpScript, startScriptedAmqpHub } from "../../client/support/scripted-amqp-hub.ts";
import { temporaryDirectory } from "../../support/local-hub.ts";
import {
  type CommandOptions,
  type ExecutableName,
  parseLines,
  RunningCommand,
} from "../support/run-command.ts";

let options: CommandOptions;

beforeEach(() => {
  const directory = temporaryDirectory();
  options = { directory, env: { C2D_HOME: join(directory, "home") } };
});

function start(name: ExecutableName, ...args: readonly string[]): RunningCommand {
  const executable = new RunningCommand(name, args, options);
  onTestFinished(async () => {
    executable.interrupt("SIGTERM");
    await executable.ended;
  });
  return executable;
}

async function startHub(): Promise<RunningCommand> {
  const hub = start("c2d-hub", "start", "--port", "0", "-o", "json", "--device", "device1");
  await hub.waitFor("stdout", `"type":"hub"`);
  return hub;
}

/** c2d-send against a scripted hub. */
async function sendTo(script: AmqpScript, ...args: readonly string[]): Promise<RunningCommand> {
  const hub = await startScriptedAmqpHub(script);
  onTestFinished(() => hub.stop());
  writeFileSync(join(options.directory, "ca.pem"), hub.ca);
  const cs = `HostName=${hub.hostName};SharedAccessKeyName=service;SharedAccessKey=c2VjcmV0`;
  return start("c2d-send", "--login", cs, "--ca", "ca.pem", "-d", "device1", ...args);
}

test("an unknown device among several exits with 6; its failures are reported, and the others get their messages", async () => {
  const { hubString, caFile } = await hubOfThree();
  const args = ["--login", hubString, "--ca", caFile, "-d", "a", "-d", "nobody", "-d", "b"];
  const json = await start("c2d-send", ...args, "--count", "2", "-o", "json").ended;
  expect(json.code).toBe(6);
  const out = parseLines(json.stdout);
  expect(
    out
      .filter(({ type }) => type === "sent")
      .map(({ deviceId }) => deviceId)
      .sort(),
  ).toEqual(["a", "a", "b", "b"]);
  expect(out.at(-1)).toMatchObject({ type: "summary", sent: 4, failed: 2 });
  const errors = parseLines(json.stderr.replace(/^Hub:.*\n/m, ""));
  expect(errors).toMatchObject([
    { type: "failed", n: 1, deviceId: "nobody", name: "DeviceNotFound" },
    { type: "error", code: 6, name: "DeviceNotFound" },
    { type: "failed", n: 4, deviceId: "nobody", name: "DeviceNotFound" },
  ]);
  const text = await start("c2d-send", ...args, "--quiet").ended;
  expect(text.stderr.match(/^error: /gm)).toHaveLength(1);
  expect(text.code).toBe(6);
});

async function hubOfThree() {
  const hub = start(
    "c2d-hub",
    "start",
    "--port",
    "0",
    "-o",
    "json",
    "--device",
    "a",
    "--device",
    "b",
  );
  await hub.waitFor("stdout", `"type":"hub"`);
  const env = await start("c2d-hub", "env", "--format", "json", "-d", "a").ended;
  const variables = JSON.parse(env.stdout) as Record<string, string>;
  return {
    hubString: variables.IOTHUB_CONNECTION_STRING ?? "",
    caFile: variables.IOTHUB_CA_FILE ?? "",
  };
}

test("throttled messages are retried, and the wait is shown", async () => {
  let refusals = 2;
  const send = await sendTo({
    onMessage({ delivery }: EventContext) {
      if (refusals-- > 0)
        delivery?.reject({ condition: "com.microsoft:device-container-throttled" });
      else delivery?.accept();
    },
  });
  const { code, stdout, stderr } = await send.ended;
  expect(stderr).toContain("The hub is throttling messages to device1; next attempt in");
  expect(stdout).toContain("Summary: 1 sent");
  expect(code).toBe(0);
});

test("a connection lost while sending exits with 5, and nothing is sent twice", async () => {
  let taken = 0;
  const send = await sendTo(
    {
      onMessage({ delivery, connection }: EventContext) {
        taken += 1;
        if (taken === 1) delivery?.accept();
        else (connection as unknown as { socket: { destroy(): void } }).socket.destroy();
      },
    },
    ...["--count", "3", "--interval", "50ms"],
  );
  const { code, stdout, stderr } = await send.ended;
  expect(stdout).toContain("Summary: 1 sent, 1 failed, 1 unsent");
  expect(stderr).toMatch(
    /^Failed: message 1 to device1 \(message id message_1_\w+\): ConnectionLost: /m,
  );
  expect(stderr).toContain("may have been enqueued");
  expect(taken).toBe(2);
  expect(code).toBe(5);
});

test("a connection lost while waiting is reopened, and feedback arrives", async () => {
  const hub = await startHub();
  const send = start("c2d-send", "--local", "--wait", "--timeout", "100s");
  await send.waitFor("stdout", "Sending message: 0");
  hub.interrupt("SIGTERM");
  await hub.ended;
  await send.waitFor("stderr", "reconnecting until --timeout");
  await startHub();
  const listener = start("c2d-device", "listen", "--local", "--count", "1", "--timeout", "100s");
  await send.waitFor("stderr", "Reconnected");
  const { code, stdout } = await send.ended;
  expect(stdout).toMatch(/Feedback: device1 message_0_\w+ Success/);
  expect(code).toBe(0);
  expect((await listener.ended).code).toBe(0);
});

test("a connection that stays lost exits with 124 at the deadline, and lists pending messages", async () => {
  const hub = await startHub();
  const send = start("c2d-send", "--local", "--wait", "--timeout", "2s");
  await send.waitFor("stdout", "Sending message: 0");
  hub.interrupt("SIGTERM");
  const { code, stdout } = await send.ended;
  expect(stdout).toMatch(/^Pending: device1 message_0_\w+ no feedback within 2 s$/m);
  expect(stdout).toContain("1 pending");
  expect(code).toBe(124);
});
