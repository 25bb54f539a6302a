/** `listen --exec`: a command handles each message, and decides what becomes of it. */

import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { messagesOf, parseLines, RunningCommand } from "../../support/run-command.ts";
import { StartedHub } from "../../support/started-hub.ts";

const TRANSPORTS = ["mqtt", "amqp", "http"] as const;

let hub: StartedHub;

beforeEach(async () => {
  hub = await StartedHub.start("--lock-timeout", "300s");
});

afterEach(() => hub.stop());

function listen(...args: readonly string[]): RunningCommand {
  return hub.spawn("c2d-device", "listen", "--timeout", "100s", ...args);
}

async function send(...bodies: readonly string[]): Promise<void> {
  for (const [n, body] of bodies.entries()) await hub.send("--data", body, "--mid", `m${n}`);
}

/** What the hub reports about the messages. */
const eventsOf = (type: string) =>
  hub.events.filter((event) => event.type === type).map(({ messageId }) => messageId);

const pathTo = (name: string): string => join(hub.directory, name);

describe.each(TRANSPORTS)("over %s", (transport) => {
  const args = ["--transport", transport, "--poll-interval", "20ms"].slice(
    0,
    transport === "http" ? 4 : 2,
  );

  test("its output is what is printed, and success completes the message", async () => {
    await send("one", "two");
    const { code, stdout, stderr } = await listen(
      ...args,
      ...["--exec", 'printf "%s:" "$C2D_MESSAGE_ID"; cat; echo', "--count", "2"],
    ).ended;
    expect(stdout).toBe("m0:one\nm1:two\n");
    expect(code).toBe(0);
    expect(stderr).toContain("2 of 2 messages received.");
    await hub.reached("settled", 2);
    expect(eventsOf("settled")).toEqual(["m0", "m1"]);
  });

  test("a failure ends the run with 8, and the message comes again", async () => {
    await send("one", "two");
    const { code, stderr } = await listen(...args, "--exec", "echo failing >&2; exit 3").ended;
    expect(code).toBe(8);
    expect(stderr).toContain("failing\n");
    expect(stderr).toContain("error: the command exited with 3, for message m0\n");
    expect(stderr).toContain("--on-exec-failure");
    expect(eventsOf("settled")).toEqual([]);
    // Over HTTP a message stays locked when its receiver is gone.
    if (transport === "http") return;
    const again = await listen(...args, "--exec", "cat", "--count", "2").ended;
    expect(again.stdout).toBe("onetwo");
  });
});

describe.each(["amqp", "http"] as const)("over %s", (transport) => {
  const args = ["--transport", transport];
  const poll = transport === "http" ? ["--poll-interval", "20ms"] : [];

  test.each([
    ["abandon", "requeued"],
    ["reject", "deadLettered"],
  ])("--on-exec-failure %s goes on, and ends with 8", async (outcome, event) => {
    await send("bad", "good");
    const { code, stdout, stderr } = await listen(
      ...args,
      ...poll,
      ...["--exec", "grep good", "--on-exec-failure", outcome, "--count", "2"],
    ).ended;
    expect(code).toBe(8);
    expect(stderr).toContain("warning: the command exited with 1, for message m0\n");
    if (outcome === "reject") expect(stdout).toBe("good\n");
    await hub.reached(event);
    expect(eventsOf(event)).toContain("m0");
  });

  test("takes one message at a time", async () => {
    await send("one", "two", "three");
    const started = listen(
      ...args,
      ...poll,
      "--exec",
      `cat; while [ -e ${pathTo("hold")} ]; do sleep 0.02; done`,
      "--count",
      "3",
    );
    writeFileSync(pathTo("hold"), "");
    await started.waitFor("stdout", "one");
    await hub.reached("delivered");
    expect(eventsOf("delivered")).toEqual(["m0"]);
    rmSync(pathTo("hold"));
    expect((await started.ended).stdout).toBe("onetwothree");
  });
});

test("with -o json, lines have the exit code, and the output is on stderr", async () => {
  await send("one");
  const args = ["-o", "json", "--exec", "echo out; exit 4"];
  const ended = await listen(...args).ended;
  expect(ended.code).toBe(8);
  expect(messagesOf(ended)).toMatchObject([{ messageId: "m0", body: "one", exitCode: 4 }]);
  expect(ended.stderr).toMatch(/^out$/m);
  const last = parseLines(
    ended.stderr
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .join("\n"),
  ).at(-1);
  expect(last).toMatchObject({ type: "error", code: 8, name: "ExecFailed" });
});

test("a message id cannot fake a line of an error", async () => {
  await hub.send("--mid", "m\nhint: all is well");
  const { stderr } = await listen("--exec", "exit 3").ended;
  expect(stderr).toContain("for message m\\nhint: all is well\n");
});

test("a command that takes too long is ended, and has failed", async () => {
  await send("one");
  const { code, stderr } = await listen("--exec", "sleep 1000", "--exec-timeout", "100ms").ended;
  expect(code).toBe(8);
  expect(stderr).toContain("the command took longer than 100 ms, for message m0");
});

test.each(["SIGTERM", "SIGINT"] as const)("%s lets a running command finish", async (signal) => {
  await send("one", "two");
  writeFileSync(pathTo("hold"), "");
  const command = `echo begun; while [ -e ${pathTo("hold")} ]; do sleep 0.02; done; echo done > ${pathTo("done")}`;
  const started = listen("--exec", command);
  await started.waitFor("stdout", "begun");
  started.interrupt(signal);
  expect(existsSync(pathTo("done"))).toBe(false);
  rmSync(pathTo("hold"));
  expect((await started.ended).code).toBe(0);
  expect(readFileSync(pathTo("done"), "utf8")).toBe("done\n");
  await hub.reached("settled");
  expect(eventsOf("settled")).toEqual(["m0"]);
});

test("what comes again after its command has succeeded is only acknowledged", async () => {
  await send("one");
  writeFileSync(pathTo("hold"), "");
  const started = listen(
    ...["-v", "--exec", `echo run; while [ -e ${pathTo("hold")} ]; do sleep 0.02; done`],
  );
  await started.waitFor("stdout", "run");
  // Its acknowledgement is lost with the connection.
  await hub.restart();
  rmSync(pathTo("hold"));
  await hub.reached("settled");
  started.interrupt();
  expect((await started.ended).stdout).toBe("run\n");
});

test("secrets are not in the environment of the command", async () => {
  await send("one");
  const { IOTHUB_DEVICE_CONNECTION_STRING = "", IOTHUB_CA_FILE = "" } = await hub.env();
  const env = {
    ...hub.options.env,
    IOTHUB_DEVICE_CONNECTION_STRING,
    IOTHUB_CA_FILE,
    PASSED_ON: "kept",
  };
  const args = ["listen", "--exec", "env", "--count", "1", "--timeout", "100s"];
  const { stdout } = await new RunningCommand("c2d-device", args, { ...hub.options, env }).ended;
  expect(stdout).toContain("PASSED_ON=kept");
  expect(stdout).toContain("C2D_MESSAGE_ID=m0");
  expect(stdout).not.toContain("SharedAccessKey");
});

test.each([
  ["'; exit 9; '", "$(exit 9)", "`exit 9`"],
  ["-n", "\u001b[2J", "a\nb"],
])("what comes from outside is data only: %j", async (messageId, value, body) => {
  await hub.send("--mid", messageId, "--property", `x=${value}`, "--data", body);
  const command = 'printf "%s|%s|" "$C2D_MESSAGE_ID" "$C2D_PROPERTY_X"; cat';
  const { code, stdout } = await listen("--exec", command, "--count", "1").ended;
  expect(stdout).toBe(`${messageId}|${value}|${body}`);
  expect(code).toBe(0);
});

test.each([
  [["--exec", "cat", "--settle", "none", "--transport", "amqp"], "--exec and --settle none cannot"],
  [["--exec", "cat", "--raw"], "--exec and --raw cannot"],
  [["--exec", "cat", "--format", "x"], "--exec and --format cannot"],
  [["--exec", " "], "--exec needs a command"],
  [["--exec", "cat", "--on-exec-failure", "reject"], "is not supported over mqtt"],
  [["--exec", "cat", "--on-exec-failure", "retry"], "'retry' is invalid"],
  [["--exec", "cat", "--exec-timeout", "0"], "--exec-timeout"],
  [["--on-exec-failure", "stop"], "--on-exec-failure has no effect without --exec"],
  [["--exec-timeout", "5s"], "--exec-timeout has no effect without --exec"],
])("%j is wrong usage", async (args, message) => {
  const { code, stderr } = await listen(...args).ended;
  expect(stderr).toContain(message);
  expect(code).toBe(2);
});
