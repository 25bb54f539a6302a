/** `listen --exec` with commands that outlive the locks of their messages, or the hub. */

import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { RunningCommand } from "../../support/run-command.ts";
import { StartedHub } from "../../support/started-hub.ts";

const HOLD = `while [ -e hold ]; do sleep 0.02; done`;

let hub: StartedHub;

afterEach(() => hub.stop());

async function start(lockTimeout: string, count = 1): Promise<void> {
  hub = await StartedHub.start("--lock-timeout", lockTimeout);
  for (let n = 0; n < count; n += 1) await hub.send("--mid", `m${n}`);
  writeFileSync(join(hub.directory, "hold"), "");
}

const release = (): void => rmSync(join(hub.directory, "hold"));

function listen(transport: string, ...args: readonly string[]): RunningCommand {
  const poll = transport === "http" ? ["--poll-interval", "20ms"] : [];
  const all = ["--transport", transport, ...poll, "--timeout", "100s", ...args];
  return hub.spawn("c2d-device", "listen", ...all);
}

const countOf = (text: string, part: string): number => text.split(part).length - 1;

test.each(["amqp", "http"])(
  "over %s, --count waits for an acknowledgement that counts",
  async (transport) => {
    await start("500ms");
    const started = listen(transport, "--exec", `echo run; ${HOLD}`, "--count", "1");
    await hub.reached("requeued");
    release();
    const { code, stdout, stderr } = await started.ended;
    expect(code).toBe(0);
    expect(stdout).toBe("run\n");
    expect(stderr).toContain(
      "warning: a message could not be acknowledged: its lock had expired; the hub delivers it again\n",
    );
    expect(stderr).toContain("1 of 1 message received.");
    await hub.reached("settled");
  },
);

test.each(["mqtt", "amqp"])("over %s, also when the hub restarts meanwhile", async (transport) => {
  await start("300s", 2);
  const started = listen(transport, "--exec", `echo run; ${HOLD}`, "--count", "1");
  await started.waitFor("stdout", "run");
  await hub.restart();
  release();
  const { code, stdout, stderr } = await started.ended;
  expect(code).toBe(0);
  expect(stdout).toBe("run\n");
  expect(countOf(stderr, "acknowledged: the connection was lost;")).toBe(1);
  await hub.reached("settled");
  const settled = hub.events.filter(({ type }) => type === "settled");
  expect(settled.map(({ messageId }) => messageId)).toEqual(["m0"]);
});

describe("a warning", () => {
  test.each(["mqtt", "amqp", "http"])(
    "over %s says that the command is too slow",
    async (transport) => {
      await start("500ms");
      const started = listen(transport, "--exec", HOLD, "--count", "1");
      await started.waitFor("stderr", "the command takes longer than the lock (500 ms): ");
      release();
      expect((await started.ended).stderr).not.toContain("messages wait for the command");
    },
  );

  test("over mqtt says that messages wait for too long", async () => {
    await start("500ms", 2);
    const started = listen("mqtt", "--exec", HOLD);
    await started.waitFor("stderr", "messages wait for the command almost as long as");
    release();
    started.interrupt();
    expect((await started.ended).stderr).not.toContain("takes longer than the lock");
  });
});
