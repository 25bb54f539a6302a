/** `c2d-hub logs` shows what has happened in the running local hub, and follows it. */

import { afterEach, beforeEach, expect, test } from "vitest";
import { parseLines, RunningCommand, run } from "../support/run-command.ts";
import { StartedHub } from "../support/started-hub.ts";

let hub: StartedHub;

beforeEach(async () => {
  hub = await StartedHub.start();
});

afterEach(() => hub.stop());

function logs(...flags: readonly string[]) {
  return run("c2d-hub", ["logs", ...flags], hub.options);
}

function follow(...flags: readonly string[]): RunningCommand {
  return new RunningCommand("c2d-hub", ["logs", "-f", ...flags], hub.options);
}

test("has the lines of start -o json", async () => {
  const listener = await hub.listen("--count", "1");
  await hub.send("--mid", "m1", "--ack", "full");
  await listener.ended;
  await hub.reached("feedback");
  const { code, stdout } = await logs("-o", "json");
  expect(code).toBe(0);
  const untimed = (events: readonly object[]) => events.map((event) => ({ ...event, time: "" }));
  const events = parseLines(stdout);
  expect(untimed(events)).toEqual(untimed(hub.events).slice(0, events.length));
  expect(events.map(({ type }) => type)).toEqual(
    expect.arrayContaining(["deviceConnected", "enqueued", "delivered", "settled", "feedback"]),
  );
  for (const event of events) expect(event.time).toMatch(/^2\d{3}-\d\d-\d\dT[\d:.]{12}Z$/);
  expect(events.find(({ type }) => type === "enqueued")).toHaveProperty("expiryTimeUtc");
});

test("--bodies adds bodies where messages arrive, made visible as text", async () => {
  await hub.send("--mid", "m1", "--data", "\u001b[2Jone");
  expect((await logs()).stdout).toMatch(/^\S+Z device1 #1 m1 enqueued\n$/);
  expect((await logs("--bodies")).stdout).toMatch(
    /Z device1 #1 m1 enqueued\n {4}\\u001b\[2Jone\n$/,
  );
  expect(parseLines((await logs("--bodies", "-o", "json")).stdout)).toMatchObject([
    { type: "enqueued", body: "\u001b[2Jone", bodyEncoding: "utf8" },
  ]);
});

test("--since before the hub's start says that there are no events from then", async () => {
  await hub.send("--mid", "m1");
  const { stdout } = await logs("--since", "1h");
  expect(stdout).toMatch(/^\(no events before 2\S+Z\)\n\S+ device1 #1 m1 enqueued\n$/);
  const [gap, enqueued] = parseLines((await logs("--since", "1h", "-o", "json")).stdout);
  expect(gap).toEqual({ type: "gap", untilUtc: expect.stringMatching(/^2\S+Z$/) });
  expect(enqueued).toMatchObject({ type: "enqueued" });
});

test("--since 0 leaves out what has happened", async () => {
  await hub.send();
  expect(await logs("--since", "0")).toEqual({
    code: 0,
    stdout: "",
    stderr: "No events are known.\n",
  });
});

test("-f goes on with what happens, and Ctrl-C ends it with 0", async () => {
  await hub.send("--mid", "before");
  const following = follow("-o", "json");
  await following.waitFor("stdout", `"messageId":"before"`);
  await hub.send("--mid", "after");
  await following.waitFor("stdout", `"messageId":"after"`);
  following.interrupt();
  expect((await following.ended).code).toBe(0);
});

test("-f is no client, and does not count as a connection", async () => {
  const following = follow();
  await following.waitFor("stderr", "Following");
  const { stdout } = await run("c2d-hub", ["status", "-o", "json"], hub.options);
  expect(parseLines(stdout)).toMatchObject([{ connections: { mqtt: 0, amqp: 0, https: 0 } }]);
  following.interrupt();
  await following.ended;
});

test("-f follows a hub that is started again, without starting one, from its beginning", async () => {
  const following = follow("--since", "0");
  await following.waitFor("stderr", "Following");
  await hub.end();
  await following.waitFor("stderr", "Waiting for it to start again");
  await hub.begin();
  await hub.send("--mid", "again");
  await following.waitFor("stdout", "again enqueued");
  expect(following.stderr).toContain("Following the local hub again.");
  following.interrupt();
  expect((await following.ended).code).toBe(0);
});

test("-f ends while it waits for a hub", async () => {
  const following = follow();
  await following.waitFor("stderr", "Following");
  await hub.end();
  await following.waitFor("stderr", "Waiting for it to start again");
  following.interrupt("SIGTERM");
  expect((await following.ended).code).toBe(0);
});
