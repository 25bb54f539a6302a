/** `--lines` with a stdin that stays open, which needs a real process. */

import { afterEach, beforeEach, expect, test } from "vitest";
import { linesOf, RunningExecutable } from "../support/run-executable.ts";
import { StartedHub } from "../support/started-hub.ts";

let hub: StartedHub;

beforeEach(async () => {
  hub = await StartedHub.start();
});

afterEach(() => hub.stop());

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)(
  "a line goes out as it appears, and %s ends the wait for more",
  async (signal, code) => {
    const args = ["--local", "--lines", "-o", "json", "-d", "d"];
    const options = { ...hub.options, keepsStdinOpen: true } as const;
    const sender = new RunningExecutable("c2d-send", args, options);
    for (const n of [0, 1]) {
      sender.process.stdin.write(`line ${n}\n`);
      await sender.waitFor("stdout", `"type":"sent","n":${n}`);
    }
    sender.process.kill(signal);
    const ended = await sender.ended;
    expect(linesOf(ended.stdout, "summary")).toMatchObject([{ sent: 2, failed: 0, unsent: 0 }]);
    expect(ended).toMatchObject({ code, signal: null });
  },
);

test("a refusal ends the process, too", async () => {
  const env = { ...(await hub.env()), IOTHUB_CA_FILE: hub.caFile };
  const args = ["--lines", "-o", "json", "-d", "nobody"];
  const options = { directory: hub.directory, env, stdin: "one\n", keepsStdinOpen: true } as const;
  const ended = await new RunningExecutable("c2d-send", args, options).ended;
  expect(linesOf(ended.stderr, "error")).toMatchObject([{ code: 6, name: "DeviceNotFound" }]);
  expect(ended).toMatchObject({ code: 6, signal: null });
});
