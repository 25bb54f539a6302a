/** The examples run, and the pages quote them verbatim. */

import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseLines, RunningExecutable, run } from "../cli/support/run-executable.ts";
import { temporaryDirectory } from "../support/local-hub.ts";

const ROOT = join(import.meta.dirname, "../..");
const EXAMPLES = join(ROOT, "examples");
const EXECUTABLES = ["c2d-device", "c2d-send", "c2d-hub"] as const;

let directory: string;
let env: Record<string, string>;

beforeEach(() => {
  directory = temporaryDirectory();
  const bin = join(directory, "bin");
  mkdirSync(bin);
  for (const name of EXECUTABLES) symlinkSync(join(ROOT, "bin", `${name}.js`), join(bin, name));
  env = {
    PATH: `${bin}:${process.env.PATH}`,
    HOME: directory,
    TMPDIR: join(directory, "tmp"),
    C2D_HOME: join(directory, "home"),
  };
  mkdirSync(join(directory, "tmp"));
});

afterEach(async () => {
  await run("c2d-hub", ["stop"], { directory, env });
});

describe("smoke-test.sh", () => {
  test("passes against its own local hub, and leaves nothing behind", async () => {
    const { code, stdout, stderr } = await runProgram("sh", ["smoke-test.sh"]);
    expect(stderr).not.toContain("FAILED");
    expect(stdout).toMatch(/^SMOKE TEST PASSED: smoke-/m);
    expect(code).toBe(0);
    expect(leftovers()).toEqual([]);
  });

  test("passes against the hub in the environment", async () => {
    const variables = await startHub();
    const { code, stdout } = await runProgram("sh", ["smoke-test.sh"], variables);
    expect(stdout).toMatch(/^SMOKE TEST PASSED: smoke-/m);
    expect(code).toBe(0);
    // The hub's owner stops it.
    expect((await run("c2d-hub", ["status"], { directory, env })).code).toBe(0);
  });

  test.each([
    ["nobody listens there", "HostName=localhost:1", 5],
    ["half a connection string", "Host=h", 3],
  ])("fails loudly when %s", async (_what, host, expected) => {
    const { code, stderr } = await runProgram("sh", ["smoke-test.sh"], {
      IOTHUB_CONNECTION_STRING: `${host};SharedAccessKeyName=s;SharedAccessKey=AAAA`,
      IOTHUB_DEVICE_CONNECTION_STRING: `${host};DeviceId=d;SharedAccessKey=AAAA`,
    });
    expect(stderr).toContain(`SMOKE TEST FAILED with exit code ${expected}`);
    expect(stderr).toMatch(/listen: (\{"type":"error"|error: )/);
    expect(code).toBe(expected);
    expect(leftovers()).toEqual([]);
  });
});

test("pipeline.sh sends a command for each reading above the limit", async () => {
  const readings = [
    { device: "fan1", celsius: 31 },
    { device: "fan2", celsius: 12 },
    { device: "fan2", celsius: 35.5 },
  ];
  const stdin = readings.map((reading) => `${JSON.stringify(reading)}\n`).join("");
  const { code, stdout, stderr } = await runProgram("sh", ["pipeline.sh", "--local"], {}, stdin);
  expect(stderr).toContain("commands sent: 2");
  expect(parseLines(stdout)).toMatchObject([{ deviceId: "fan1" }, { deviceId: "fan2" }]);
  expect(code).toBe(0);
});

test("20-line-service.cjs and 20-line-device.cjs talk through the local hub, unmodified", async () => {
  const variables = await startHub();
  const device = runProgram("node", ["20-line-device.cjs"], variables);
  const service = await runProgram("node", ["20-line-service.cjs"], variables);
  expect(service.stdout.split("\n").sort()).toEqual(
    ["", "goodbye-1: Success", "hello-1: Success", "sent goodbye", "sent hello"].sort(),
  );
  expect(service).toMatchObject({ code: 0, stderr: "" });
  const received = await device;
  expect(received.stdout).toMatch(/^received hello-1: hello \(.*language=en.*\)$/m);
  expect(received).toMatchObject({ code: 0, stderr: "" });
});

test.each(["device", "service"])(
  "20-line-%s.cjs has at most 20 lines and only SDK imports",
  (side) => {
    const lines = readExample(`20-line-${side}.cjs`).trimEnd().split("\n");
    const code = lines.filter((line) => line.trim() !== "" && !line.startsWith("//"));
    expect(code.length).toBeLessThanOrEqual(20);
    const required = [...code.join("\n").matchAll(/require\("([^"]+)"\)/g)].map(([, name]) => name);
    expect(required.filter((name) => !name?.startsWith("azure-"))).toEqual([]);
  },
);

test.each([
  ["smoke-test.sh", "sh"],
  ["github-actions.yml", "yaml"],
])("docs/ci-smoke-test.md quotes %s verbatim", (name, language) => {
  const page = readFileSync(join(ROOT, "docs/ci-smoke-test.md"), "utf8");
  expect(page).toContain(`\n\`\`\`${language}\n${readExample(name)}\`\`\`\n`);
});

function leftovers(): string[] {
  return readdirSync(join(directory, "tmp"));
}

function readExample(name: string): string {
  return readFileSync(join(EXAMPLES, name), "utf8");
}

/** A hub on a free port; resolves to its variables. */
async function startHub(): Promise<Record<string, string>> {
  const options = { directory, env };
  const hub = new RunningExecutable("c2d-hub", ["start", "--port", "0", "-o", "json"], options);
  await hub.waitFor("stdout", `"type":"hub"`);
  const { stdout } = await run("c2d-hub", ["env", "--format", "json"], options);
  return JSON.parse(stdout) as Record<string, string>;
}

async function runProgram(
  program: "sh" | "node",
  [file = "", ...args]: readonly string[],
  variables: Readonly<Record<string, string>> = {},
  stdin = "",
) {
  const child = spawn(program, [resolve(EXAMPLES, file), ...args], {
    cwd: directory,
    env: { ...env, ...variables },
  });
  child.stdin.end(stdin);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject).on("close", resolve);
  });
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, stdout, stderr };
}
