/** `listen --exec --on-exec-failure abandon`: what failed goes back to the queue, a little later. */

import { afterEach, beforeEach, expect, test } from "vitest";
import { messagesOf, type RunningCommand } from "../../support/run-command.ts";
import { StartedHub } from "../../support/started-hub.ts";

let hub: StartedHub;

beforeEach(async () => {
  hub = await StartedHub.start("--lock-timeout", "300s");
});

afterEach(() => hub.stop());

function listen(transport: string, ...args: readonly string[]): RunningCommand {
  const poll = transport === "http" ? ["--poll-interval", "20ms"] : [];
  const all = ["--transport", transport, ...poll, "-o", "json", "--timeout", "100s", ...args];
  return hub.spawn("c2d-device", "listen", "--on-exec-failure", "abandon", ...all);
}

const countOf = (wanted: string): number => hub.events.filter(({ type }) => type === wanted).length;

test.each(["amqp", "http"])("over %s, other messages go on", async (transport) => {
  for (const body of ["bad", "good"]) await hub.send("--data", body, "--mid", body);
  const command = `case $C2D_MESSAGE_ID in good) echo > good;; *) [ -e good ];; esac`;
  const started = listen(transport, "--exec", command);
  await started.waitFor("stdout", /"messageId":"bad".*"exitCode":0/);
  started.interrupt();
  const ended = await started.ended;
  const messages = messagesOf(ended);
  expect(messages[0]).toMatchObject({ messageId: "bad", exitCode: 1, duplicate: false });
  expect(messages.find(({ messageId }) => messageId === "good")).toMatchObject({
    exitCode: 0,
    duplicate: false,
  });
  expect(messages.at(-1)).toMatchObject({ messageId: "bad", exitCode: 0, duplicate: true });
  const failed = messages.length - 2;
  expect(ended.stderr).toContain(
    failed === 1
      ? `"message":"the command exited with 1, for message bad"`
      : `the command failed for 1 of 2 messages, in ${failed} of ${messages.length} attempts; last: `,
  );
  expect(ended.code).toBe(8);
});

test.each(["amqp", "http"])("over %s, the end of a run does not wait", async (transport) => {
  await hub.send("--mid", "bad");
  const ended = await listen(transport, "--exec", "exit 3", "--count", "1").ended;
  expect(ended.code).toBe(8);
  expect(messagesOf(ended)).toHaveLength(1);
  await hub.reached("requeued");
  expect(countOf("delivered")).toBe(1);
});

test.each(["amqp", "http"])("over %s, a signal ends the wait", async (transport) => {
  await hub.send("--mid", "bad");
  const started = listen(transport, "--exec", "exit 3");
  await started.waitFor("stdout", `"exitCode":3`);
  started.interrupt();
  expect((await started.ended).code).toBe(8);
  await hub.reached("requeued");
  expect(countOf("requeued")).toBe(countOf("delivered"));
});
