/** Every client that uses port 443, through a proxy that works, and through one that does not. */

import { readFileSync } from "node:fs";
import { describe, expect, onTestFinished, test } from "vitest";
import { RegistryClient } from "../../../src/client/registry/registry-client.ts";
import { parseHubConnectionString } from "../../../src/core/connection-string.ts";
import type { LocalHub } from "../../../src/hub/local-hub.ts";
import { freePort, startHubForTest } from "../../support/local-hub.ts";
import {
  type ProxyAnswer,
  setEnvironment,
  startConnectProxy,
  wants,
} from "../support/connect-proxy.ts";
import { DIRECT_CLIENTS, HOST, PROXIED_CLIENTS } from "../support/proxied-clients.ts";
import { selfSigned } from "../support/self-signed.ts";
import { timersLeftBy } from "../support/timers.ts";

function startHub(): Promise<LocalHub> {
  return startHubForTest({ devices: ["device1"], hostNames: [HOST] });
}

function portOf({ hostName }: LocalHub): number {
  return Number(hostName.split(":")[1]);
}

async function proxied(answer?: Parameters<typeof startConnectProxy>[1]) {
  const hub = await startHub();
  const proxy = await startConnectProxy(portOf(hub), answer);
  return { hub, proxy };
}

/** The error, of an attempt that leaves neither a timer nor a connection behind. */
async function failure(attempt: () => Promise<void>): Promise<Record<string, unknown>> {
  let error: unknown;
  const left = await timersLeftBy(async () => {
    error = await attempt().then(
      () => undefined,
      (reason: unknown) => reason,
    );
  });
  expect(left).toEqual([]);
  // The time that a probe had left would be taken for --connect-timeout.
  expect(causesOf(error).map(({ name }) => name)).not.toContain("DeadlinePassedError");
  const { name, message, hint } = error as Error & { readonly hint: string };
  return { name, message, hint };
}

function causesOf(error: unknown): readonly Error[] {
  return error instanceof Error ? [error, ...causesOf(error.cause)] : [];
}

describe.each(PROXIED_CLIENTS)("%s", (_, use) => {
  test("goes through the proxy, and verifies the hub behind it", async () => {
    const { hub, proxy } = await proxied();
    setEnvironment({ HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` });
    await use(hub);
    expect([...new Set(proxy.targets)]).toEqual([`${HOST}:443`]);
    expect([...new Set(proxy.authorizations)]).toEqual([undefined]);
    await proxy.abandoned();
    const { cert: ca } = await selfSigned();
    expect(await failure(() => use(hub, { ca }))).toMatchObject({
      name: "UntrustedCertificate",
      message: expect.stringContaining(`${HOST}:443 through the proxy 127.0.0.1:${proxy.port}`),
    });
    await proxy.abandoned();
  });

  test("sends user and password, percent-decoded", async () => {
    const { hub, proxy } = await proxied(wants("me", "p@ss:wörd/%"));
    const credentials = "me:p%40ss:w%C3%B6rd%2F%25";
    setEnvironment({ https_proxy: `http://${credentials}@127.0.0.1:${proxy.port}/` });
    await use(hub);
    expect(proxy.targets).not.toEqual([]);
  });

  test("says that the proxy wants a password, or another one", async () => {
    const { hub, proxy } = await proxied(wants("me", "right password"));
    setEnvironment({ HTTPS_PROXY: `127.0.0.1:${proxy.port}` });
    const where = `The proxy 127.0.0.1:${proxy.port} (HTTPS_PROXY)`;
    expect(await failure(() => use(hub))).toEqual({
      name: "ProxyAuthenticationRequired",
      message: `${where} requires a user and password (407).`,
      hint: expect.stringContaining(`http://<user>:<password>@127.0.0.1:${proxy.port}`),
    });
    setEnvironment({ HTTPS_PROXY: `http://me:wrong-password@127.0.0.1:${proxy.port}` });
    const refused = await failure(() => use(hub));
    expect(refused).toMatchObject({
      name: "ProxyAuthenticationRequired",
      message: `${where} does not accept this user and password (407).`,
    });
    expect(JSON.stringify(refused)).not.toContain("wrong-password");
    await proxy.abandoned();
  });

  test.each<readonly [ProxyAnswer, string, RegExp]>([
    [403, "ProxyRefused", /did not connect to hub\.example:443: it responded with status 403\.$/],
    [502, "ProxyRefused", /did not connect to hub\.example:443: it responded with status 502\.$/],
    ["noise", "ProxyRefused", /responded with something other than HTTP\.$/],
    ["hangUp", "ProxyRefused", /ended the connection without an HTTP response\.$/],
    [
      "silence",
      "ConnectTimeout",
      /is not responding to the request to connect to hub\.example:443\.$/,
    ],
  ])("blames a proxy that answers with %s", async (answer, name, message) => {
    const { hub, proxy } = await proxied(answer);
    setEnvironment({ HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` });
    const connectTimeoutMs = answer === "silence" ? 300 : 20_000;
    const error = await failure(() => use(hub, { connectTimeoutMs }));
    expect(error).toMatchObject({ name, message: expect.stringMatching(message) });
    expect(error.message).toContain(`roxy 127.0.0.1:${proxy.port} (HTTPS_PROXY)`);
    await proxy.abandoned();
  });

  test("does not blame the proxy for a hub that does not respond", async () => {
    const { hub, proxy } = await proxied("void");
    setEnvironment({ HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` });
    expect(await failure(() => use(hub, { connectTimeoutMs: 300 }))).toMatchObject({
      name: "ConnectTimeout",
      message: `${HOST}:443 is not responding.`,
    });
    await proxy.abandoned();
  });

  test("blames a proxy that is not there", async () => {
    const hub = await startHub();
    const port = await freePort();
    setEnvironment({ HTTPS_PROXY: `http://127.0.0.1:${port}` });
    expect(await failure(() => use(hub))).toEqual({
      name: "ConnectionRefused",
      message: `Cannot connect to the proxy 127.0.0.1:${port} (HTTPS_PROXY): nothing is listening on that port (ECONNREFUSED).`,
      hint: "Check HTTPS_PROXY, and that the proxy is running.",
    });
    setEnvironment({ HTTPS_PROXY: "http://nowhere.invalid:3128" });
    expect(await failure(() => use(hub))).toMatchObject({
      name: "HostNotFound",
      message: expect.stringContaining("the proxy nowhere.invalid:3128 (HTTPS_PROXY)"),
    });
  });

  test("given up while the proxy is silent, leaves no connection behind", async () => {
    const { hub, proxy } = await proxied("silence");
    setEnvironment({ HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` });
    const end = new AbortController();
    const attempt = failure(() => use(hub, { connectTimeoutMs: 60_000, signal: end.signal }));
    await expect.poll(() => proxy.targets).toHaveLength(1);
    end.abort();
    await attempt;
    await proxy.abandoned();
    expect(proxy.targets).toHaveLength(1);
  });

  test("goes around the proxy for a name of loopback, and for those of NO_PROXY", async () => {
    const { hub, proxy } = await proxied();
    setEnvironment({ HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` });
    await use(hub, { hostName: hub.hostName });
    setEnvironment({ NO_PROXY: "elsewhere.example,.invalid" });
    const options = { hostName: "nowhere.invalid" };
    expect(await failure(() => use(hub, options))).toMatchObject({ name: "HostNotFound" });
    expect(proxy.targets).toEqual([]);
  });

  test("refuses an address that is none of an HTTP proxy", async () => {
    const hub = await startHub();
    setEnvironment({ HTTPS_PROXY: "socks5://me:hidden-password@127.0.0.1:1080" });
    const error = await failure(() => use(hub));
    expect(error).toMatchObject({
      name: "ConfigurationError",
      message:
        "HTTPS_PROXY in the environment is not the address of an HTTP proxy: socks5:// is not supported.",
    });
    expect(JSON.stringify(error)).not.toContain("hidden-password");
  });
});

test.each(PROXIED_CLIENTS)("%s verifies a proxy with TLS as well", async (_, use) => {
  const hub = await startHub();
  const certificate = await selfSigned();
  const proxy = await startConnectProxy(portOf(hub), 200, certificate);
  setEnvironment({ HTTPS_PROXY: `https://localhost:${proxy.port}` });
  await use(hub, { ca: `${readFileSync(hub.caFile, "utf8")}\n${certificate.cert}` });
  expect(proxy.targets).not.toEqual([]);
  expect(await failure(() => use(hub))).toMatchObject({
    name: "UntrustedCertificate",
    message: expect.stringContaining(`the proxy localhost:${proxy.port} (HTTPS_PROXY)`),
    hint: expect.stringContaining("--ca"),
  });
  await proxy.abandoned();
});

test("requests of the registry, one after another, share a tunnel", async () => {
  const { hub, proxy } = await proxied();
  setEnvironment({ HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` });
  const registry = new RegistryClient({
    signIn: parseHubConnectionString(hub.connectionString.replace(hub.hostName, HOST)),
    ca: readFileSync(hub.caFile, "utf8"),
    requestTimeoutMs: 20_000,
  });
  onTestFinished(() => registry.close());
  for (let n = 0; n < 5; n++) await registry.get("device1");
  expect(proxy.targets).toHaveLength(1);
});

describe.each(DIRECT_CLIENTS)("%s", (_, transport, use) => {
  test("says that it cannot use the proxy that is set", async () => {
    const hub = await startHub();
    setEnvironment({ HTTPS_PROXY: "http://127.0.0.1:1" });
    const hostName = "nowhere.invalid";
    const hint = `HTTPS_PROXY is set, but ${transport} cannot use a proxy: --transport ${transport}-ws can.`;
    expect(await failure(() => use(hub, { hostName }))).toMatchObject({
      name: "HostNotFound",
      hint: expect.stringContaining(hint),
    });
    setEnvironment({ NO_PROXY: hostName });
    expect(await failure(() => use(hub, { hostName }))).toMatchObject({
      name: "HostNotFound",
      hint: expect.not.stringContaining("proxy"),
    });
  });
});
