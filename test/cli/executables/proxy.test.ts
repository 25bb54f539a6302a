/** What users of a proxy see. The clients behind it: test/client/proxy. */

import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalHub, startLocalHub } from "../../../src/hub/local-hub.ts";
import { type ProxyAnswer, startConnectProxy, wants } from "../../client/support/connect-proxy.ts";
import { freePort, sharedDirectory } from "../../support/local-hub.ts";
import { type ExecutableName, linesOf, RunningExecutable, run } from "../support/run-executable.ts";

const HOST = "hub.example";
const PASSWORD = "p@ss/wörd of mine";
const ENCODED = encodeURIComponent(PASSWORD);
const SENT = Buffer.from(`me:${PASSWORD}`).toString("base64");

const directory = sharedDirectory();
let hub: LocalHub;

beforeAll(async () => {
  hub = await startLocalHub({ devices: ["device1"], hostNames: [HOST] });
});

afterAll(() => hub.stop());

type Command = readonly [ExecutableName, ...string[]];

const COMMANDS: readonly Command[] = [
  ["c2d-hub", "device", "show", "-d", "device1"],
  ["c2d-hub", "purge", "-d", "device1"],
  ["c2d-hub", "monitor-events", "--transport", "amqp-ws"],
  ["c2d-hub", "monitor-feedback", "--transport", "amqp-ws"],
  ["c2d-send", "-d", "device1", "--transport", "amqp-ws"],
  ["c2d-device", "listen", "--transport", "mqtt-ws"],
  ["c2d-device", "listen", "--transport", "http"],
  ["c2d-device", "telemetry", "--transport", "amqp-ws", "--count", "1"],
];

function start([name, ...args]: Command, env: Readonly<Record<string, string>>): RunningExecutable {
  return new RunningExecutable(name, [...args, "-o", "json", "-v", "--connect-timeout", "20s"], {
    directory,
    env: {
      IOTHUB_CONNECTION_STRING: hub.connectionString.replace(hub.hostName, HOST),
      IOTHUB_DEVICE_CONNECTION_STRING: hub
        .deviceConnectionString("device1")
        .replace(hub.hostName, HOST),
      IOTHUB_CA_FILE: hub.caFile,
      ...env,
    },
  });
}

function startProxy(answer?: ProxyAnswer | Parameters<typeof startConnectProxy>[1]) {
  return startConnectProxy(Number(hub.hostName.split(":")[1]), answer);
}

test.each(COMMANDS.map((command) => [command] as const))(
  "%j works behind a proxy with a password",
  async (command) => {
    const proxy = await startProxy(wants("me", PASSWORD));
    const running = start(command, {
      HTTPS_PROXY: `http://me:${ENCODED}@127.0.0.1:${proxy.port}`,
    });
    if (/listen|monitor/.test(command[1] ?? "")) {
      await running.waitFor("stdout", `"type":"ready"`);
      running.process.kill("SIGTERM");
    }
    const { code, stdout, stderr } = await running.ended;
    expect(proxy.targets[0], stderr).toBe(`${HOST}:443`);
    for (const form of [PASSWORD, ENCODED, SENT]) expect(stdout + stderr).not.toContain(form);
    expect(code).toBe(0);
  },
);

test.each<readonly [string, ProxyAnswer, string]>([
  ["wants a password", 407, "ProxyAuthenticationRequired"],
  ["refuses", 403, "ProxyRefused"],
])("a proxy that %s ends a command with 5", async (_, answer, name) => {
  const proxy = await startProxy(answer);
  const where = `me:${ENCODED}@127.0.0.1:${proxy.port}`;
  for (const command of [COMMANDS[0], COMMANDS[4], COMMANDS[5]] as const) {
    const { code, stderr } = await start(command as Command, { https_proxy: where }).ended;
    expect(linesOf(stderr, "error")).toMatchObject([
      { code: 5, name, message: expect.stringContaining("(https_proxy)") },
    ]);
    for (const form of [PASSWORD, ENCODED, SENT]) expect(stderr).not.toContain(form);
    expect(code).toBe(5);
  }
});

test.each([
  `socks5://me:${ENCODED}@127.0.0.1:1`,
  `http://me:${PASSWORD}@127.0.0.1:1`,
  `http://me:${ENCODED}@127.0.0.1:none`,
])("%s ends a command with 3, unshown", async (address) => {
  for (const command of [COMMANDS[0], COMMANDS[4], COMMANDS[6]] as const) {
    const { code, stdout, stderr } = await start(command as Command, { HTTPS_PROXY: address })
      .ended;
    expect(linesOf(stderr, "error")).toMatchObject([
      { code: 3, name: "ConfigurationError", message: expect.stringMatching(/^HTTPS_PROXY in /) },
    ]);
    for (const form of [PASSWORD, ENCODED, SENT]) expect(stdout + stderr).not.toContain(form);
    expect(code).toBe(3);
  }
});

/** A service principal, so that the chain asks no other program. */
const PRINCIPAL = {
  AZURE_TOKEN_CREDENTIALS: "EnvironmentCredential",
  AZURE_TENANT_ID: "11111111-1111-1111-1111-111111111111",
  AZURE_CLIENT_ID: "11111111-1111-1111-1111-111111111112",
  AZURE_CLIENT_SECRET: "not a secret",
};

function login(env: Readonly<Record<string, string>>) {
  const args = ["-d", "device1", "--auth-type", "login", "--hub-name", HOST];
  return run("c2d-send", [...args, "-o", "json"], { directory, env: { ...PRINCIPAL, ...env } });
}

test.each([
  ["as a URL", "HTTPS_PROXY", "http://"],
  ["without a scheme", "https_proxy", ""],
])("signing in with Entra ID goes through the proxy, given %s", async (_, variable, scheme) => {
  const proxy = await startProxy(({ url }) => (url?.startsWith("login.") ? 407 : 200));
  const { code, stderr } = await login({
    [variable]: `${scheme}me:${ENCODED}@127.0.0.1:${proxy.port}`,
  });
  // The chain's own request, then ours for the reason.
  expect(proxy.targets.length).toBeGreaterThan(1);
  expect(new Set(proxy.targets)).toEqual(new Set(["login.microsoftonline.com:443"]));
  expect(new Set(proxy.authorizations)).toEqual(new Set([`Basic ${SENT}`]));
  expect(linesOf(stderr, "error")).toMatchObject([{ name: "ProxyAuthenticationRequired" }]);
  expect(code).toBe(5);
});

test("signing in with Entra ID names a proxy that is not there", async () => {
  const { code, stderr } = await login({ HTTPS_PROXY: `http://127.0.0.1:${await freePort()}` });
  expect(linesOf(stderr, "error")).toMatchObject([
    { name: "ConnectionRefused", message: expect.stringContaining("the proxy 127.0.0.1:") },
  ]);
  expect(code).toBe(5);
});
