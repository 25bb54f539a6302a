/** The hidden command that completion scripts ask for device ids. */

import { existsSync, writeFileSync } from "node:fs";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { selfSigned } from "../client/support/self-signed.ts";
import { startSilentServer } from "../client/support/silent-server.ts";
import { sharedDirectory } from "../support/local-hub.ts";
import { type CommandOptions, type ExecutableName, run } from "./support/run-command.ts";
import { run as runExecutable } from "./support/run-executable.ts";
import { StartedHub } from "./support/started-hub.ts";

const directory = sharedDirectory();

const NONE = { code: 0, stdout: "", stderr: "" };

let hub: StartedHub;
let connectionString: string;

beforeAll(async () => {
  hub = await StartedHub.start("--device", "device1", "--device", "dev$(2)'");
  connectionString = String((await hub.env()).IOTHUB_CONNECTION_STRING);
});

afterAll(() => hub.stop());

const ask = (words: readonly string[], options: CommandOptions = hub.options) =>
  run("c2d-hub", ["__device-ids", "--", ...words], options);

const IDS = { code: 0, stdout: "dev$(2)'\ndevice1\n", stderr: "" };

test.each<ExecutableName>(["c2d-device", "c2d-send", "c2d-hub"])("%s prints them", async (name) => {
  expect(await run(name, ["__device-ids", "--", "--local"], hub.options)).toEqual(IDS);
});

describe("the hub is that of the words typed so far", () => {
  test("among flags of other commands, unfinished ones and quotes", async () => {
    expect(await ask(["listen", "--count", "2", "--local", "--frm", "x", "-d"])).toEqual(IDS);
    const ca = ["--ca", "=", hub.caFile];
    expect(await ask(["-l", `"${connectionString}"`, ...ca, "--device-id", "="])).toEqual(IDS);
    expect(await ask([`--login=${connectionString}`, `--ca=${hub.caFile}`, "-d"])).toEqual(IDS);
  });

  test("or of a file and the environment", async () => {
    const lines = `IOTHUB_CONNECTION_STRING='${connectionString}'\nIOTHUB_CA_FILE=${hub.caFile}\n`;
    writeFileSync(join(hub.directory, "some.env"), lines);
    expect(await ask(["--dotenv", "some.env"])).toEqual(IDS);
    const env = { ...hub.options.env, C2D_LOCAL: "1" };
    expect(await ask([], { ...hub.options, env })).toEqual(IDS);
  });
});

describe("nothing is printed, and no error", () => {
  const wrong = (host: string) =>
    `HostName=${host};SharedAccessKeyName=iothubowner;SharedAccessKey=d3JvbmcgLSB3cm9uZyAtIHdyb25nISE=`;

  test.each([
    ["no hub", () => []],
    ["a flag without its value", () => ["--login"]],
    ["a malformed connection string", () => ["-l", "HostName"]],
    ["a file that there is not", () => ["--local", "--dotenv", "none.env"]],
    ["a wrong key", () => ["-l", wrong(hub.hostName), "--ca", hub.caFile]],
    ["a hub that is not trusted", () => ["-l", connectionString]],
    ["a name that does not resolve", () => ["-l", wrong("hub.invalid")]],
    ["a login", () => ["--auth-type", "login", "--hub-name", "hub.invalid"]],
  ])("for %s", async (_what, words) => {
    expect(await ask(words())).toEqual(NONE);
  });

  test("for a local hub that does not run, which is not started", async () => {
    const home = join(directory, "home");
    const options = { directory, env: { C2D_HOME: home } };
    expect(await ask(["--local"], options)).toEqual(NONE);
    expect(existsSync(home)).toBe(false);
  });

  test("for a hub that does not respond: the process ends by itself", async () => {
    const server = await startSilentServer("tcp");
    onTestFinished(() => server.stop());
    const args = ["__device-ids", "--", "-l", wrong(server.hostName)];
    expect(await runExecutable("c2d-send", args, hub.options)).toMatchObject(NONE);
  });
});

test("an id that no device can have never reaches a shell", async () => {
  const { cert, key } = await selfSigned();
  const ids = ["good", "two\nlines", "$(touch /tmp/x)", "a b", "\u001b[31m", "", "x`id`"];
  const server = https.createServer({ cert, key }, (_request, response) => {
    response.end(JSON.stringify(ids.map((deviceId) => ({ deviceId }))));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const caFile = join(hub.directory, "hostile.pem");
  writeFileSync(caFile, cert);
  const { port } = server.address() as AddressInfo;
  const cs = connectionString.replace(hub.hostName, `localhost:${port}`);
  expect(await ask(["-l", cs, "--ca", caFile])).toEqual({ ...NONE, stdout: "good\n" });
});

test("the executable prints them, and --help does not name the command", async () => {
  const args = ["__device-ids", "--", "--local"];
  let answer = await runExecutable("c2d-tools", ["hub", ...args], hub.options);
  // A busy machine may take longer than there is time.
  while (answer.stdout === "")
    answer = await runExecutable("c2d-tools", ["hub", ...args], hub.options);
  expect(answer).toMatchObject(IDS);
  const { stdout } = await run("c2d-hub", ["--help"], hub.options);
  expect(stdout).not.toContain("__device-ids");
});
