/** The programs take the command lines of the page, and do what the page would. */

import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  createCommand,
  deleteCommand,
  listenCommand,
  purgeCommand,
  sendCommand,
  statusCommand,
  telemetryCommand,
} from "../../src/page/shared/command-line.ts";
import { type Ended, type ExecutableName, parseLines, run } from "../cli/support/run-command.ts";
import { StartedHub } from "../cli/support/started-hub.ts";
import { onPosix } from "../support/platform.ts";

/** Every character that IoT Hub permits. */
const LEGAL = "-aZ09:.+%_#*?!(),=@$'";

let hub: StartedHub;
beforeAll(async () => {
  hub = await StartedHub.start();
});
afterAll(() => hub.stop());

/** As a shell would split it. */
function splitInShell(line: string): [ExecutableName, ...string[]] {
  const words = execFileSync("sh", ["-c", `printf '%s\\0' ${line}`], { encoding: "utf8" });
  return words.split("\0").slice(0, -1) as [ExecutableName, ...string[]];
}

function runLine(line: string, ...more: readonly string[]): Promise<Ended> {
  const [name, ...args] = splitInShell(line);
  return run(name, [...args, ...more], hub.options);
}

describe.runIf(onPosix("shell"))("the command line of", () => {
  test.each(["device1", LEGAL])("each action on device %s", async (deviceId) => {
    expect(await runLine(createCommand("--local", deviceId))).toMatchObject({ code: 0 });
    const updated = await runLine(statusCommand("--local", deviceId, false), "-o", "json");
    expect(parseLines(updated.stdout)).toEqual([
      expect.objectContaining({ deviceId, status: "disabled" }),
    ]);
    expect(await runLine(statusCommand("--local", deviceId, true))).toMatchObject({ code: 0 });
    await runLine(sendCommand("--local", { deviceId, body: "1" }));
    const purged = await runLine(purgeCommand("--local", deviceId), "-o", "json");
    expect(parseLines(purged.stdout)).toEqual([
      expect.objectContaining({ deviceId, totalMessagesPurged: 1 }),
    ]);
    expect(await runLine(deleteCommand("--local", deviceId))).toMatchObject({ code: 0 });
  });

  /** In the topics of MQTT, + and # are wildcards. */
  test.each(["device1", LEGAL.replace(/[+#]/g, "")])("a client of device %s", async (deviceId) => {
    expect(await runLine(createCommand("--local", deviceId))).toMatchObject({ code: 0 });
    await runLine(sendCommand("--local", { deviceId, body: "1" }));
    const listened = await runLine(listenCommand("--local", deviceId), "--count", "1");
    expect(listened).toMatchObject({ code: 0 });
    const reported = await runLine(telemetryCommand("--local", deviceId), "--count", "1");
    expect(reported).toMatchObject({ code: 0 });
  });

  test.each([
    '{"isOn": true}',
    'it\'s $HOME `id` "$(id)" \\ ! \n\t\u001b[2J \u202e',
    "-",
    "--data",
    "{{n}}",
    "",
  ])("sending %j with every field", async (body) => {
    const line = sendCommand(
      "--local",
      {
        deviceId: "device1",
        body,
        contentType: "text/plain",
        messageId: "it's {{n}} \u0001",
        correlationId: "-c",
        userId: "--uid",
        properties: { "a b": "x=y;z", quote: "'", empty: "" },
        ack: "full",
      },
      "90s",
    );
    const { stdout, stderr, code } = await runLine(line, "--dry-run", "-o", "json");
    expect([code, stderr]).toEqual([0, ""]);
    const { body: sent, ...message } = parseLines(stdout)[0] ?? {};
    expect(sent).toBe(body);
    expect(message).toMatchObject({
      deviceId: "device1",
      contentType: "text/plain",
      messageId: "it's {{n}} \u0001",
      correlationId: "-c",
      userId: "--uid",
      properties: { "a b": "x=y;z", quote: "'", empty: "" },
      ack: "full",
      expiryTimeUtc: expect.any(String),
    });
  });

  test("sending a body that no argument can hold", async () => {
    const line = sendCommand("--local", { deviceId: "device1", body: "a\0b" });
    const { stdout } = await runLine(line, "--dry-run", "-o", "json");
    expect(parseLines(stdout)[0]).toMatchObject({ body: "a\0b" });
  });

  test("a hub that only a connection string reaches", () => {
    expect(purgeCommand("", "device1")).toBe("c2d-hub purge -d device1");
    expect(sendCommand("", { deviceId: "device1", body: "" })).toBe(
      "c2d-send -d device1 --data ''",
    );
  });
});
