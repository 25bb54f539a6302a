/** The registry client: against the local hub, and against scripted servers that misbehave. */

import { readFileSync } from "node:fs";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { EntraLogin } from "../../../src/client/connection/service-sign-in.ts";
import type { ClientErrorName } from "../../../src/client/errors/client-error.ts";
import {
  RegistryClient,
  type RegistryClientOptions,
} from "../../../src/client/registry/registry-client.ts";
import { parseHubConnectionString } from "../../../src/core/connection-string.ts";
import type { Policy } from "../../../src/core/device-identity.ts";
import { startHomeHub } from "../../../src/hub/home-hub.ts";
import type { LocalHub } from "../../../src/hub/local-hub.ts";
import { freePort, startHubForTest, temporaryDirectory } from "../../support/local-hub.ts";
import { selfSigned } from "../support/self-signed.ts";
import { startSilentServer } from "../support/silent-server.ts";
import { timersLeftBy } from "../support/timers.ts";

const KEY = "cHJpbWFyeSBwcmltYXJ5IHByaW1hcnk=";

function open(options: Pick<RegistryClientOptions, "signIn"> & Partial<RegistryClientOptions>) {
  const registry = new RegistryClient({ requestTimeoutMs: 5000, ...options });
  onTestFinished(() => registry.close());
  return registry;
}

function openTo(hub: LocalHub, options: Partial<RegistryClientOptions> = {}) {
  return open({
    signIn: parseHubConnectionString(hub.connectionString),
    ca: readFileSync(hub.caFile, "utf8"),
    ...options,
  });
}

function signInAt(hostName: string) {
  const cs = `HostName=${hostName};SharedAccessKeyName=iothubowner;SharedAccessKey=${KEY}`;
  return parseHubConnectionString(cs);
}

describe("with the local hub", () => {
  test("a device is created, shown, listed and deleted", async () => {
    const registry = openTo(await startHubForTest({ devices: ["device1"] }));
    const created = await registry.create("Device(2)%#", { status: "disabled", isIotEdge: true });
    expect(created).toMatchObject({
      deviceId: "Device(2)%#",
      status: "disabled",
      connectionState: "Disconnected",
      cloudToDeviceMessageCount: 0,
      isIotEdge: true,
    });
    expect(created.authentication?.primaryKey?.reveal()).toMatch(/^[\w+/]{43}=$/);
    expect(await registry.get("Device(2)%#")).toEqual(created);
    const listed = await registry.list();
    expect(listed.map(({ deviceId }) => deviceId)).toEqual(["Device(2)%#", "device1"]);
    await registry.delete("Device(2)%#");
    await expect(registry.get("Device(2)%#")).rejects.toMatchObject({ name: "DeviceNotFound" });
  });

  test("keys and thumbprints arrive unchanged", async () => {
    const registry = openTo(await startHubForTest());
    const thumbprint = "0123456789abcdef0123456789abcdef01234567";
    const keyed = await registry.create("keyed", {
      authentication: { type: "sas", primaryKey: KEY, secondaryKey: `${KEY}` },
    });
    expect(keyed.authentication?.primaryKey?.reveal()).toBe(KEY);
    const printed = await registry.create("printed", {
      authentication: { type: "selfSigned", primaryThumbprint: thumbprint },
    });
    expect(printed.authentication).toEqual({ type: "selfSigned", primaryThumbprint: thumbprint });
    const signed = await registry.create("signed", {
      authentication: { type: "certificateAuthority" },
    });
    expect(signed.authentication).toEqual({ type: "certificateAuthority" });
  });

  test("a purge returns the number of messages", async () => {
    const registry = openTo(await startHubForTest({ devices: ["device1"] }));
    expect(await registry.purge("device1")).toBe(0);
    await expect(registry.purge("nobody")).rejects.toMatchObject({ name: "DeviceNotFound" });
  });

  test("errors have the hub's error names", async () => {
    const registry = openTo(await startHubForTest({ devices: ["device1"] }));
    await expect(registry.create("device1", {})).rejects.toMatchObject({
      name: "DeviceAlreadyExists",
      hint: expect.stringContaining("--if-not-exists"),
    });
    await expect(registry.delete("nobody")).rejects.toMatchObject({ name: "DeviceNotFound" });
    await expect(registry.create("no id", {})).rejects.toMatchObject({ name: "ArgumentInvalid" });
  });

  // Rule policy-permissions.
  test("each policy is limited to its permissions", async () => {
    const directory = temporaryDirectory();
    const hub = await startHomeHub({ directory, ports: [0], devices: ["device1"] });
    onTestFinished(() => hub.stop());
    const file = readFileSync(join(directory, "installation.json"), "utf8");
    const { policies } = JSON.parse(file) as { policies: readonly Policy[] };
    const outcomes: Record<string, readonly string[]> = {};
    for (const { name, primaryKey } of policies) {
      const cs = `HostName=${hub.hostName};SharedAccessKeyName=${name};SharedAccessKey=${primaryKey}`;
      const registry = openTo(hub, { signIn: parseHubConnectionString(cs) });
      const attempts = [
        registry.list(),
        registry.create(`by-${name}`, {}),
        registry.purge("device1"),
      ];
      outcomes[name] = await Promise.all(
        attempts.map((attempt) =>
          attempt.then(
            () => "done",
            (error: Error) => error.name,
          ),
        ),
      );
    }
    const no = "IotHubUnauthorized";
    expect(outcomes).toEqual({
      iothubowner: ["done", "done", "done"],
      service: [no, no, "done"],
      device: [no, no, no],
      registryRead: ["done", no, no],
      registryReadWrite: ["done", "done", no],
    });
  });

  test("no handle is left after close", async () => {
    const hub = await startHubForTest({ devices: ["device1"] });
    const left = await timersLeftBy(async () => {
      const registry = openTo(hub);
      await registry.list();
      registry.close();
    });
    expect(left).toEqual([]);
  });
});

describe("when no hub responds", () => {
  const ask = (hostName: string, ca?: string) =>
    open({
      signIn: signInAt(hostName),
      requestTimeoutMs: 500,
      ...(ca !== undefined && { ca }),
    }).list();

  test("because nothing listens: ConnectionRefused", async () => {
    await expect(ask(`localhost:${await freePort()}`)).rejects.toMatchObject({
      name: "ConnectionRefused",
    });
  });

  test("because the name does not resolve: HostNotFound", async () => {
    await expect(ask("hub.invalid")).rejects.toMatchObject({ name: "HostNotFound" });
  });

  test("because the certificate is not trusted: UntrustedCertificate", async () => {
    const hub = await startHubForTest();
    await expect(ask(hub.hostName)).rejects.toMatchObject({
      name: "UntrustedCertificate",
      hint: expect.stringContaining("--ca"),
    });
  });

  test.each(["tcp", "tls"] as const)("after the %s connection: timeout", async (layer) => {
    const server = await startSilentServer(layer);
    onTestFinished(() => server.stop());
    const { cert } = await selfSigned();
    await expect(ask(server.hostName, cert)).rejects.toMatchObject({ name: "ConnectTimeout" });
  });

  test("an abort ends the wait at once, with its reason", async () => {
    const server = await startSilentServer("tls");
    onTestFinished(() => server.stop());
    const { cert } = await selfSigned();
    const giveUp = new AbortController();
    const registry = open({
      signIn: signInAt(server.hostName),
      ca: cert,
      requestTimeoutMs: 60_000,
      signal: giveUp.signal,
    });
    const asked = registry.list();
    await server.reached();
    giveUp.abort();
    await expect(asked).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("a server's response", () => {
  interface Answer {
    readonly status: number;
    readonly body: string;
    readonly type?: string;
  }

  async function registryAt(answer: Answer, login?: EntraLogin["credential"]) {
    const { cert, key } = await selfSigned();
    const authorizations: (string | undefined)[] = [];
    const server = https.createServer({ cert, key }, (request, response) => {
      authorizations.push(request.headers.authorization);
      request.resume();
      response.writeHead(answer.status, { "content-type": answer.type ?? "application/json" });
      response.end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    const hostName = `localhost:${(server.address() as AddressInfo).port}`;
    const signIn = login
      ? ({ type: "entra", hostName, credential: login } as const)
      : signInAt(hostName);
    return { registry: open({ signIn, ca: cert }), authorizations };
  }

  test("a missing field stays absent", async () => {
    const { registry } = await registryAt({ status: 200, body: '{"deviceId":"d"}' });
    expect(await registry.get("d")).toEqual({ deviceId: "d" });
    expect(await registry.create("d", {})).toEqual({ deviceId: "d" });
  });

  test.each([
    ["none", { primaryKey: null, secondaryKey: null }],
    ["one", { primaryKey: KEY, secondaryKey: null }],
  ])("an update of a device with %s of its keys sends nothing", async (_what, symmetricKey) => {
    const device = { deviceId: "d", etag: "e", authentication: { type: "sas", symmetricKey } };
    const { registry, authorizations } = await registryAt({
      status: 200,
      body: JSON.stringify(device),
    });
    const updated = registry.update("d", () => ({ status: "disabled" }));
    await expect(updated).rejects.toMatchObject({ name: "ArgumentInvalid" });
    expect(authorizations).toHaveLength(1);
  });

  test("a device without an ETag is not updated", async () => {
    const { registry, authorizations } = await registryAt({
      status: 200,
      body: '{"deviceId":"d"}',
    });
    await expect(registry.update("d", () => ({}))).rejects.toMatchObject({ name: "ServerError" });
    expect(authorizations).toHaveLength(1);
  });

  test.each([
    ["nothing", "", "application/json"],
    ["a device without id", "{}", "application/json"],
    ["broken JSON", "{", "application/json"],
    ["a page", "<html>hello</html>", "text/html"],
    ["a list where none belongs", "[1]", "application/json"],
  ])("%s is reported as unexpected", async (_what, body, type) => {
    const { registry } = await registryAt({ status: 200, body, type });
    await expect(registry.get("d")).rejects.toMatchObject({ name: "ServerError" });
    await expect(registry.list()).rejects.toMatchObject({ name: "ServerError" });
    await expect(registry.purge("d")).rejects.toMatchObject({ name: "ServerError" });
  });

  const newer = (errorCode: number, message: string) =>
    JSON.stringify({ Message: JSON.stringify({ errorCode, trackingId: "t", message }) });

  test.each<[string, number, string, ClientErrorName, string]>([
    ["a code", 404, '{"Message":"ErrorCode:DeviceNotFound;d"}', "DeviceNotFound", "d (HTTP 404)"],
    ["a number", 404, newer(404001, "d is not there."), "DeviceNotFound", "d is not there (HTTP"],
    ["a page instead", 404, "<html></html>", "ServerError", "HTTP 404"],
    ["a code of its own", 401, '{"Message":"ErrorCode:X;no"}', "IotHubUnauthorized", "no (HTTP"],
    ["another number", 409, newer(409_999, ""), "DeviceAlreadyExists", "HTTP 409"],
    ["an etag", 412, "", "PreconditionFailed", "HTTP 412"],
    ["too many devices", 403, "", "IotHubQuotaExceeded", "HTTP 403"],
    ["too many requests", 429, "", "Throttling", "HTTP 429"],
    ["an error of its own", 500, "", "ServerError", "HTTP 500"],
    ["a pause", 503, "", "ServiceUnavailable", "HTTP 503"],
  ])("an error with %s", async (_what, status, body, name, message) => {
    const { registry } = await registryAt({ status, body });
    await expect(registry.get("d")).rejects.toMatchObject({
      name,
      message: expect.stringContaining(message),
    });
  });

  test("a principal signs in with its token, and an error names the required role", async () => {
    const credential = {
      getToken: () =>
        Promise.resolve({ token: "entra", expiresOnTimestamp: Date.now() + 3_600_000 }),
    };
    const served = await registryAt({ status: 200, body: "[]" }, credential);
    expect(await served.registry.list()).toEqual([]);
    expect(served.authorizations).toEqual(["Bearer entra"]);
    const refused = await registryAt({ status: 401, body: "" }, credential);
    await expect(refused.registry.list()).rejects.toMatchObject({
      name: "IotHubUnauthorized",
      hint: expect.stringContaining("IoT Hub Data Contributor"),
    });
  });

  test("a principal without a token sends nothing to the hub", async () => {
    const { registry, authorizations } = await registryAt(
      { status: 200, body: "[]" },
      { getToken: () => Promise.reject(new Error("no")) },
    );
    await expect(registry.list()).rejects.toMatchObject({ name: "CredentialUnavailable" });
    expect(authorizations).toEqual([]);
  });

  test("a credential that does not respond causes a timeout", async () => {
    const registry = open({
      signIn: {
        type: "entra",
        hostName: "hub.invalid",
        credential: { getToken: () => new Promise(() => {}) },
      },
      requestTimeoutMs: 50,
    });
    await expect(registry.list()).rejects.toMatchObject({
      name: "ConnectTimeout",
      message: expect.stringContaining("Microsoft Entra ID"),
    });
  });
});
