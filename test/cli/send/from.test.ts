/** `c2d-send --from`: recorded messages go to other devices. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { messagesOf, parseLines, run } from "../support/run-command.ts";
import { StartedHub } from "../support/started-hub.ts";

let hub: StartedHub;

beforeEach(async () => {
  hub = await StartedHub.start();
});

afterEach(() => hub.stop());

test("messages received by one device are sent to others unchanged", async () => {
  await hub.send(
    "-d",
    "a",
    "--data",
    "00ff",
    "--data-encoding",
    "hex",
    "-p",
    "k=v",
    "--mid",
    "one",
  );
  await hub.send("-d", "a", "--data", '{"b": 1.0}', "--ct", "application/json", "--mid", "{{n}}");
  const first = await hub.run("c2d-device", "listen", "-d", "a", "-c", "2", "-o", "json");
  const sent = await run(
    "c2d-send",
    ["--local", "-o", "json", "--from", "-", "-d", "b", "-d", "c"],
    { ...hub.options, stdin: first.stdout },
  );
  expect(sent.code).toBe(0);
  expect(parseLines(sent.stdout).at(-1)).toMatchObject({ type: "summary", sent: 4 });
  const second = await hub.run("c2d-device", "listen", "-d", "b", "-c", "2", "-o", "json");
  const asTheyWere = messagesOf(first).map(({ body, raw, messageId, properties, ack }) => {
    return { body, ...(raw !== undefined && { raw }), messageId, properties, ack };
  });
  expect(messagesOf(second)).toMatchObject(asTheyWere);
});

test("a message is never sent back to its device", async () => {
  const line = '{"type":"message","deviceId":"a","body":"","bodyEncoding":"utf8","properties":{}}';
  const { code, stderr } = await run("c2d-send", ["--local", "--from", "-", "-d", "a"], {
    ...hub.options,
    stdin: `${line}\n`,
  });
  expect(stderr).toContain("line 1 of stdin: the message came from a");
  expect(code).toBe(2);
});

test("expired messages are dropped with a warning", async () => {
  const line =
    '{"type":"message","body":"","bodyEncoding":"utf8","expiryTimeUtc":"2001-01-01T00:00:00Z"}';
  writeFileSync(join(hub.directory, "lines"), `${line}\n`);
  const { code, stdout, stderr } = await hub.send("--from", "lines", "-d", "a");
  expect(stderr).toContain("warning: --from: line 1 of lines: expired");
  expect(parseLines(stdout)).toMatchObject([{ type: "summary", sent: 0, failed: 0 }]);
  expect(code).toBe(0);
});
