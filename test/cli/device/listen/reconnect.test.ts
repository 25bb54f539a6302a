/** `c2d-device listen` while its hub restarts. */

import { afterEach, beforeEach, expect, test } from "vitest";
import { messagesOf, run } from "../../support/run-command.ts";
import { StartedHub } from "../../support/started-hub.ts";

let hub: StartedHub;

beforeEach(async () => {
  hub = await StartedHub.start();
});

afterEach(() => hub.stop());

test("after a restart on another port the listener reconnects, and nothing is lost", async () => {
  const listener = await hub.listen("--count", "2");
  await hub.send("--message-id", "before");
  await listener.waitFor("stdout", `"messageId":"before"`);
  await hub.end();
  await listener.waitFor("stderr", "Reconnecting");
  await hub.begin();
  await hub.send("--message-id", "after");
  const ended = await listener.ended;
  expect(messagesOf(ended).filter(({ duplicate }) => !duplicate)).toMatchObject([
    { messageId: "before" },
    { messageId: "after" },
  ]);
  expect(ended.code).toBe(0);
});

test("a listener does not restart a foreground hub, but waits for it", async () => {
  const listener = await hub.listen();
  await hub.end();
  await listener.waitFor("stderr", "The local hub is not running. Waiting for it");
  expect((await run("c2d-hub", ["status"], hub.options)).code).toBe(5);
  listener.interrupt();
  expect((await listener.ended).code).toBe(0);
});

test("the listener reconnects at once after every restart, without a takeover warning", async () => {
  const listener = await hub.listen();
  for (let time = 0; time < 5; time++) {
    await hub.end();
    await hub.begin();
    await hub.reached("deviceConnected");
  }
  expect(listener.stderr).not.toContain("another client");
  // A growing back-off would be seconds by now.
  expect(listener.stderr).not.toMatch(/again in \d+(\.\d+)? s/);
});

test("of two listeners for one device, the first exits with 6", async () => {
  const first = await hub.listen();
  const second = await hub.listen();
  const { code, stderr } = await first.ended;
  expect(code).toBe(6);
  expect(stderr.match(/another client connected as device1/g)).toHaveLength(1);
  expect(stderr).toContain(`"name":"ConnectionForcefullyClosedOnNewConnection"`);
  await hub.send("--mid", "to the second");
  await second.waitFor("stdout", `"messageId":"to the second"`);
});

test("--no-reconnect ends with 5", async () => {
  const listener = await hub.listen("--no-reconnect");
  await hub.end();
  expect((await listener.ended).code).toBe(5);
});
