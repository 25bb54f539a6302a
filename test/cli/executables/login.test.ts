/** `--auth-type login` with the real credential chain and a fake `az`. */

import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalHub, startLocalHub } from "../../../src/hub/local-hub.ts";
import { sharedDirectory } from "../../support/local-hub.ts";
import { type ExecutableName, parseLines, run } from "../support/run-executable.ts";

const TOKEN = "entra-token-that-must-not-be-shown";

const directory = sharedDirectory();
let hub: LocalHub;

beforeAll(async () => {
  hub = await startLocalHub({ devices: ["device1"] });
});

afterAll(() => hub.stop());

const SEND = ["c2d-send", "-d", "device1"] as const;

/** A single credential of the chain, so that no other host is contacted. */
function login(
  script: string,
  [name, ...args]: readonly [ExecutableName, ...string[]],
  ...more: readonly string[]
) {
  const bin = mkdtempSync(join(directory, "bin-"));
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "az"), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, "az"), 0o755);
  return run(name, [...args, "--auth-type", "login", "--hub-name", hub.hostName, ...more], {
    directory,
    env: {
      PATH: `${bin}:${process.env.PATH}`,
      AZURE_TOKEN_CREDENTIALS: "AzureCliCredential",
      IOTHUB_CA_FILE: hub.caFile,
    },
  });
}

test.each([[SEND], [["c2d-hub", "monitor-events"]]] as const)(
  "%j: a hub that refuses the token exits with 4, without showing the token",
  async (command) => {
    const token = {
      accessToken: TOKEN,
      expiresOn: "2099-01-01 00:00:00.000000",
      tokenType: "Bearer",
    };
    const { code, stdout, stderr } = await login(`echo '${JSON.stringify(token)}'`, command, "-v");
    expect(stderr).toContain("signing in with Microsoft Entra ID");
    expect(stderr).toContain("IoT Hub Data Contributor");
    expect(stdout + stderr).not.toContain(TOKEN);
    expect(code).toBe(4);
  },
);

test("without a credential it exits with 4 and a hint", async () => {
  const { code, stderr } = await login(
    "echo 'Please run az login' >&2; exit 1",
    SEND,
    "-o",
    "json",
  );
  const errors = parseLines(stderr.replace(/^Hub:.*\n/m, "")).filter(
    ({ type }) => type === "error",
  );
  expect(errors).toMatchObject([
    {
      code: 4,
      name: "CredentialUnavailable",
      hint: expect.stringMatching(/az login.*AZURE_CLIENT_SECRET/),
    },
  ]);
  expect(code).toBe(4);
});

test("with --verbose each credential's own error is shown", async () => {
  const { stderr } = await login("echo 'Please run az login' >&2; exit 1", SEND, "-v");
  expect(stderr).toContain("caused by ");
});

test("a hanging credential chain is bounded by --connect-timeout, and leaves no process behind", async () => {
  const pids = join(directory, "pids");
  // Like az, the script waits for a child process.
  const az = `echo $$ >> ${pids}; sleep 600 & echo $! >> ${pids}; wait`;
  const { code, stderr } = await login(az, SEND, "--connect-timeout", "5s");
  expect(stderr).toContain("Microsoft Entra ID returned no token within 5 s");
  expect(code).toBe(5);
  const started = readFileSync(pids, "utf8").trim().split("\n").map(Number);
  expect(started).toHaveLength(2);
  await expect.poll(() => started.filter(isRunning)).toEqual([]);
});

/** Zombies do not count. */
function isRunning(pid: number): boolean {
  const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" });
  return stdout.trim() !== "" && !stdout.startsWith("Z");
}
