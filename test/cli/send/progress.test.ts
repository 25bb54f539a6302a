import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formatWaiting } from "../../../src/cli/send/progress-text.ts";
import { formatSending } from "../../../src/cli/text/sending-text.ts";
import { type LocalHub, startLocalHub } from "../../../src/hub/local-hub.ts";
import type { CommandOptions } from "../support/run-command.ts";
import { hasTerminals, runOnTerminal } from "../support/run-on-terminal.ts";

const ERASE = "\u001b[2K";
const SENDING = ["--count", "8", "--interval", "100ms"];
const WAITING = ["--wait", "--timeout", "1s"];

if (!hasTerminals) console.warn("util-linux's script is not here: progress is not tested.");

describe.skipIf(!hasTerminals)("on a terminal", () => {
  let hub: LocalHub;
  let options: CommandOptions;

  beforeAll(async () => {
    hub = await startLocalHub({ devices: ["device1"] });
    options = {
      directory: mkdtempSync(join(tmpdir(), "c2d-progress-")),
      env: { IOTHUB_CONNECTION_STRING: hub.connectionString, IOTHUB_CA_FILE: hub.caFile },
    };
  });

  afterAll(async () => {
    await hub.stop();
    rmSync(options.directory, { recursive: true, force: true });
  });

  const send = (args: readonly string[], redirections?: string) =>
    runOnTerminal("c2d-send", ["-d", "device1", ...args], options, redirections);

  test("sending many messages shows progress on a line that is erased", async () => {
    const { code, screen } = await send(SENDING);
    expect(screen).toMatch(/Sending: [1-8] of 8, \d+\/s/);
    expectErased(screen);
    expect(code).toBe(0);
  });

  test("waiting shows what is pending, the time left, and why it may take a while", async () => {
    const { code, screen } = await send(WAITING);
    expect(screen).toContain(
      "Waiting for feedback: 1 of 1, 1 s left (Azure batches it: up to 15 s)",
    );
    expect(screen).toMatch(/Pending: device1 message_0_\w+ no feedback within 1 s/);
    expectErased(screen);
    expect(code).toBe(124);
  });

  test("data in a file is not affected", async () => {
    const { screen } = await send([...SENDING, "-o", "json"], "> out.ndjson");
    expect(screen).toContain("Sending: ");
    const lines = readFileSync(join(options.directory, "out.ndjson"), "utf8").trim().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { type: string }).type)).toEqual([
      ...Array<string>(8).fill("sent"),
      "summary",
    ]);
  });

  test.each<readonly [string, readonly string[], string, string]>([
    ["with --quiet", ["--quiet"], "", "xterm"],
    ["when stderr is no terminal", [], "2> err.txt", "xterm"],
    ["on a terminal that cannot erase", [], "", "dumb"],
  ])("nothing %s", async (_title, args, redirections, terminal) => {
    const { code, screen } = await runOnTerminal(
      "c2d-send",
      ["-d", "device1", ...SENDING, ...args],
      { ...options, env: { ...options.env, TERM: terminal } },
      redirections,
    );
    expect(screen).not.toContain("Sending: ");
    expect(screen).not.toContain(ERASE);
    expect(code).toBe(0);
  });
});

/** The line was erased each time it was shown, including the last. */
function expectErased(screen: string): void {
  const [, ...shown] = screen.split(ERASE);
  expect(shown.length).toBeGreaterThan(1);
  expect(shown.at(-1)).not.toMatch(/Sending: |Waiting for/);
}

test("the lines fit a narrow terminal, with the essentials first", () => {
  const sending = { done: 120, failed: 3, total: 500, held: 1, elapsedMs: 500 };
  expect(formatSending(sending)).toBe("Sending: 120 of 500, 240/s, 3 failed, 1 device waiting");
  expect(formatSending({ ...sending, total: undefined, failed: 0, held: 0 })).toBe(
    "Sending: 120, 240/s",
  );
  const waiting = formatWaiting({ pending: 1000, sent: 1000, leftMs: 59_001 });
  expect(waiting).toBe(
    "Waiting for feedback: 1000 of 1000, 60 s left (Azure batches it: up to 15 s)",
  );
  expect(waiting.length).toBeLessThan(80);
  expect(formatWaiting({ pending: 1, sent: 2, leftMs: undefined })).toContain("no deadline");
});
