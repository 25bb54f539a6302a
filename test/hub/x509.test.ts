import { readFileSync } from "node:fs";
import { request } from "node:https";
import { Message, NoRetry } from "azure-iot-common";
import { Client } from "azure-iot-device";
import { Amqp } from "azure-iot-device-amqp";
import { Mqtt } from "azure-iot-device-mqtt";
import { describe, expect, onTestFinished, test } from "vitest";
import { parseHubConnectionString, splitHostPort } from "../../src/core/connection-string.ts";
import { formatSasToken } from "../../src/core/sas-token.ts";
import type { LocalHub, LocalHubOptions } from "../../src/hub/local-hub.ts";
import { callRest } from "../contract/rest.ts";
import {
  createAuthority,
  issuedBy,
  type KeyedCertificate,
  selfSigned,
  thumbprintOf,
} from "../support/device-certificate.ts";
import { EventLog } from "../support/event-log.ts";
import { startHubForTest } from "../support/local-hub.ts";

const DEVICE = "x509-device";

type Authentication =
  | {
      readonly type: "selfSigned";
      readonly x509Thumbprint: { primaryThumbprint: string; secondaryThumbprint?: string };
    }
  | { readonly type: "certificateAuthority" | "sas" };

async function hubWithDevice(authentication: Authentication, options: LocalHubOptions = {}) {
  const hub = await startHubForTest(options);
  const { host, port = 0 } = splitHostPort(hub.hostName);
  const { sharedAccessKey } = parseHubConnectionString(hub.connectionString);
  const token = formatSasToken({
    resource: host,
    key: sharedAccessKey.reveal(),
    policyName: "iothubowner",
    expirySeconds: Math.floor(Date.now() / 1000) + 60,
  });
  const endpoint = { host, port, ca: readFileSync(hub.caFile, "utf8") };
  const put = (json: object, headers: Record<string, string> = {}) =>
    callRest(endpoint, { method: "PUT", path: `/devices/${DEVICE}`, token, json, headers });
  expect((await put({ deviceId: DEVICE, authentication })).status).toBe(200);
  return { hub, log: new EventLog(hub), put, endpoint };
}

type TransportCtor = Parameters<typeof Client.fromConnectionString>[1];

async function sendOne(hub: LocalHub, certificate: KeyedCertificate, transport: TransportCtor) {
  const client = Client.fromConnectionString(
    `HostName=${hub.hostName};DeviceId=${DEVICE};x509=true`,
    transport,
  );
  client.setRetryPolicy(new NoRetry());
  onTestFinished(async () => {
    await client.close().catch(() => {});
  });
  await client.setOptions({ ...certificate, ca: readFileSync(hub.caFile, "utf8") });
  await client.open();
  await client.sendEvent(new Message("hello"));
}

/** Receives over HTTPS with nothing but the certificate. */
function receiveOverHttps(
  { host, port, ca }: { host: string; port: number; ca: string },
  certificate: KeyedCertificate,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const path = `/devices/${DEVICE}/messages/devicebound?api-version=x`;
    const outgoing = request({ host, port, ca, path, agent: false, ...certificate }, (incoming) => {
      incoming.resume();
      resolve(incoming.statusCode ?? 0);
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

const TRANSPORTS = [
  ["MQTT", Mqtt],
  ["AMQP", Amqp],
] as const;

// Rule x509-sign-in.
describe.each(TRANSPORTS)("over %s", (_name, transport) => {
  test.each(["sha1", "sha256"] as const)("a certificate of the %s thumbprint", async (hash) => {
    const certificate = await selfSigned("anything");
    const primaryThumbprint = thumbprintOf(certificate, hash).toUpperCase();
    const { hub, log } = await hubWithDevice({
      type: "selfSigned",
      x509Thumbprint: { primaryThumbprint },
    });
    await sendOne(hub, certificate, transport);
    expect(log.of("telemetry")).toMatchObject([{ deviceId: DEVICE }]);
  });

  test("the secondary thumbprint serves too", async () => {
    const [other, certificate] = [await selfSigned("a"), await selfSigned("b")];
    const { hub, log } = await hubWithDevice({
      type: "selfSigned",
      x509Thumbprint: {
        primaryThumbprint: thumbprintOf(other, "sha1"),
        secondaryThumbprint: thumbprintOf(certificate, "sha256"),
      },
    });
    await sendOne(hub, certificate, transport);
    expect(log.of("telemetry")).toHaveLength(1);
  });

  test("another certificate is refused", async () => {
    const primaryThumbprint = thumbprintOf(await selfSigned("a"), "sha1");
    const { hub, log } = await hubWithDevice({
      type: "selfSigned",
      x509Thumbprint: { primaryThumbprint },
    });
    await expect(sendOne(hub, await selfSigned("a"), transport)).rejects.toThrow();
    expect(log.of("telemetry")).toEqual([]);
    expect(log.of("connectionRefused")).toMatchObject([
      { reason: expect.stringMatching(/^Thumbprint does not match configuration/) },
    ]);
  });

  test("one of a registered authority, whose common name is the device", async () => {
    const authority = await createAuthority();
    const { hub, log } = await hubWithDevice(
      { type: "certificateAuthority" },
      { deviceAuthorities: [authority.cert] },
    );
    await sendOne(hub, await issuedBy(authority, DEVICE), transport);
    expect(log.of("telemetry")).toHaveLength(1);
  });

  test.each([
    ["of another device", async (authority: KeyedCertificate) => issuedBy(authority, "other")],
    ["of another authority", async () => issuedBy(await createAuthority(), DEVICE)],
    ["signed by itself", async () => selfSigned(DEVICE)],
    [
      "that has expired",
      async (authority: KeyedCertificate) =>
        issuedBy(authority, DEVICE, { notAfterMs: Date.now() - 1000 }),
    ],
  ])("with a registered authority, one %s is refused", async (_what, make) => {
    const authority = await createAuthority();
    const { hub, log } = await hubWithDevice(
      { type: "certificateAuthority" },
      { deviceAuthorities: [authority.cert] },
    );
    await expect(sendOne(hub, await make(authority), transport)).rejects.toThrow();
    expect(log.of("telemetry")).toEqual([]);
  });

  test("a device with keys takes no certificate", async () => {
    const { hub, log } = await hubWithDevice({ type: "sas" });
    await expect(sendOne(hub, await selfSigned(DEVICE), transport)).rejects.toThrow();
    expect(log.of("connectionRefused")).toMatchObject([
      { reason: expect.stringContaining("signs in with a token") },
    ]);
  });

  test("a new thumbprint ends the connection of the old", async () => {
    const certificate = await selfSigned("a");
    const x509Thumbprint = { primaryThumbprint: thumbprintOf(certificate, "sha1") };
    const { hub, log, put } = await hubWithDevice({ type: "selfSigned", x509Thumbprint });
    await sendOne(hub, certificate, transport);
    const primaryThumbprint = thumbprintOf(await selfSigned("b"), "sha1");
    const authentication = { type: "selfSigned", x509Thumbprint: { primaryThumbprint } };
    await put({ deviceId: DEVICE, authentication }, { "if-match": "*" });
    expect(await log.reached("deviceDisconnected")).toMatchObject({ deviceId: DEVICE });
  });
});

test("over HTTPS a certificate takes the place of the Authorization header", async () => {
  const certificate = await selfSigned("a");
  const x509Thumbprint = { primaryThumbprint: thumbprintOf(certificate, "sha1") };
  const { endpoint } = await hubWithDevice({ type: "selfSigned", x509Thumbprint });
  expect(await receiveOverHttps(endpoint, certificate)).toBe(204);
  expect(await receiveOverHttps(endpoint, await selfSigned("a"))).toBe(401);
});
