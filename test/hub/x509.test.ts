import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import net from "node:net";
import tls from "node:tls";
import { Message, NoRetry } from "azure-iot-common";
import { Client } from "azure-iot-device";
import { Amqp } from "azure-iot-device-amqp";
import { Mqtt } from "azure-iot-device-mqtt";
import { describe, expect, onTestFinished, test } from "vitest";
import { parseHubConnectionString, splitHostPort } from "../../src/core/connection-string.ts";
import { formatSasToken } from "../../src/core/sas-token.ts";
import type { LocalHub } from "../../src/hub/local-hub.ts";
import type { LocalHubOptions } from "../../src/hub/local-hub-options.ts";
import { callRest } from "../contract/rest.ts";
import {
  createAuthority,
  issuedBy,
  type KeyedCertificate,
  selfSigned,
  thumbprintOf,
  withChain,
} from "../support/device-certificate.ts";
import { createDuplexPair } from "../support/duplex-pair.ts";
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
  const token = ownerTokenOf(hub);
  const endpoint = { host, port, ca: readFileSync(hub.caFile, "utf8") };
  const put = (json: object, headers: Record<string, string> = {}) =>
    callRest(endpoint, { method: "PUT", path: `/devices/${DEVICE}`, token, json, headers });
  expect((await put({ deviceId: DEVICE, authentication })).status).toBe(200);
  return { hub, log: new EventLog(hub), put, endpoint };
}

/** The device signs in with a certificate that has one of these thumbprints. */
function hubWithThumbprint(
  primaryThumbprint: string,
  { secondaryThumbprint, ...options }: LocalHubOptions & { secondaryThumbprint?: string } = {},
) {
  const x509Thumbprint = {
    primaryThumbprint,
    ...(secondaryThumbprint !== undefined && { secondaryThumbprint }),
  };
  return hubWithDevice({ type: "selfSigned", x509Thumbprint }, options);
}

/** The device signs in with a certificate of this authority. */
function hubWithAuthority({ cert }: KeyedCertificate) {
  return hubWithDevice({ type: "certificateAuthority" }, { deviceAuthorities: [cert] });
}

function ownerTokenOf({ hostName, connectionString }: LocalHub): string {
  const { sharedAccessKey } = parseHubConnectionString(connectionString);
  return formatSasToken({
    resource: splitHostPort(hostName).host,
    key: sharedAccessKey.reveal(),
    policyName: "iothubowner",
    expirySeconds: Math.floor(Date.now() / 1000) + 60,
  });
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

/** Receives over HTTPS with only the certificate. */
function receiveOverHttps(
  { host, port, ca }: { host: string; port: number; ca: string },
  certificate: KeyedCertificate,
  agent: Agent | false = false,
  deviceId = DEVICE,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const path = `/devices/${encodeURIComponent(deviceId)}/messages/devicebound?api-version=x`;
    const outgoing = request({ host, port, ca, path, agent, ...certificate }, (incoming) => {
      incoming.resume();
      incoming.on("end", () => resolve(incoming.statusCode ?? 0));
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
describe.each(TRANSPORTS)("over %s a device certificate", (_name, transport) => {
  test.each(["sha1", "sha256"] as const)("is accepted by its %s thumbprint", async (hash) => {
    const certificate = await selfSigned("anything");
    const { hub, log } = await hubWithThumbprint(thumbprintOf(certificate, hash).toUpperCase());
    await sendOne(hub, certificate, transport);
    expect(log.of("telemetry")).toMatchObject([{ deviceId: DEVICE }]);
  });

  test("is accepted by the secondary thumbprint", async () => {
    const [other, certificate] = [await selfSigned("a"), await selfSigned("b")];
    const { hub, log } = await hubWithThumbprint(thumbprintOf(other, "sha1"), {
      secondaryThumbprint: thumbprintOf(certificate, "sha256"),
    });
    await sendOne(hub, certificate, transport);
    expect(log.of("telemetry")).toHaveLength(1);
  });

  test("is refused if its thumbprint is not registered", async () => {
    const { hub, log } = await hubWithThumbprint(thumbprintOf(await selfSigned("a"), "sha1"));
    await expect(sendOne(hub, await selfSigned("a"), transport)).rejects.toThrow();
    expect(log.of("telemetry")).toEqual([]);
    expect(log.of("connectionRefused")).toMatchObject([
      { reason: expect.stringMatching(/^Thumbprint does not match configuration/) },
    ]);
  });

  test("is accepted if a registered authority has issued it to the device", async () => {
    const authority = await createAuthority();
    const { hub, log } = await hubWithAuthority(authority);
    await sendOne(hub, await issuedBy(authority, DEVICE), transport);
    expect(log.of("telemetry")).toHaveLength(1);
  });

  test("is accepted through an intermediate that the device sends", async () => {
    const authority = await createAuthority();
    const intermediate = await issuedBy(authority, "intermediate", { isAuthority: true });
    const { hub, log } = await hubWithAuthority(authority);
    const certificate = withChain(await issuedBy(intermediate, DEVICE), intermediate);
    await sendOne(hub, certificate, transport);
    expect(log.of("telemetry")).toHaveLength(1);
  });

  test("is accepted by its thumbprint although authorities are registered", async () => {
    const certificate = await selfSigned("anything");
    const { hub, log } = await hubWithThumbprint(thumbprintOf(certificate, "sha256"), {
      deviceAuthorities: [(await createAuthority()).cert],
    });
    await sendOne(hub, certificate, transport);
    expect(log.of("telemetry")).toHaveLength(1);
  });

  test.each<[string, (authority: KeyedCertificate) => Promise<KeyedCertificate>]>([
    ["issued to another device", (authority) => issuedBy(authority, "other")],
    ["issued by another authority", async () => issuedBy(await createAuthority(), DEVICE)],
    ["self-signed", () => selfSigned(DEVICE)],
    ["expired", (authority) => issuedBy(authority, DEVICE, { notAfterMs: Date.now() - 1000 })],
    [
      "issued by a device certificate",
      async (authority) => {
        const device = await issuedBy(authority, "device");
        return withChain(await issuedBy(device, DEVICE), device);
      },
    ],
  ])("is refused for a device of a registered authority: %s", async (_what, make) => {
    const authority = await createAuthority();
    const { hub, log } = await hubWithAuthority(authority);
    await expect(sendOne(hub, await make(authority), transport)).rejects.toThrow();
    expect(log.of("telemetry")).toEqual([]);
  });

  test("is refused for a device with keys", async () => {
    const { hub, log } = await hubWithDevice({ type: "sas" });
    await expect(sendOne(hub, await selfSigned(DEVICE), transport)).rejects.toThrow();
    expect(log.of("connectionRefused")).toMatchObject([
      { reason: expect.stringContaining("authenticates with a token") },
    ]);
  });

  test("loses its connection when another thumbprint is registered", async () => {
    const certificate = await selfSigned("a");
    const { hub, log, put } = await hubWithThumbprint(thumbprintOf(certificate, "sha1"));
    await sendOne(hub, certificate, transport);
    const primaryThumbprint = thumbprintOf(await selfSigned("b"), "sha1");
    const authentication = { type: "selfSigned", x509Thumbprint: { primaryThumbprint } };
    await put({ deviceId: DEVICE, authentication }, { "if-match": "*" });
    expect(await log.reached("deviceDisconnected")).toMatchObject({ deviceId: DEVICE });
  });
});

test("over HTTPS a certificate replaces the Authorization header", async () => {
  const certificate = await selfSigned("a");
  const { endpoint } = await hubWithThumbprint(thumbprintOf(certificate, "sha1"));
  expect(await receiveOverHttps(endpoint, certificate)).toBe(204);
  expect(await receiveOverHttps(endpoint, await selfSigned("a"))).toBe(401);
});

describe("over HTTPS through an intermediate", () => {
  async function hubAndCertificate() {
    const authority = await createAuthority();
    const intermediate = await issuedBy(authority, "intermediate", { isAuthority: true });
    const { endpoint } = await hubWithAuthority(authority);
    return {
      endpoint,
      certificate: withChain(await issuedBy(intermediate, DEVICE), intermediate),
    };
  }

  test("each request on a connection is authorized", async () => {
    const { endpoint, certificate } = await hubAndCertificate();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    for (const _ of [1, 2, 3]) {
      expect(await receiveOverHttps(endpoint, certificate, agent)).toBe(204);
    }
  });

  // A resumed TLS session has only the device's own certificate.
  test("each connection with a resumed TLS session is authorized", async () => {
    const { endpoint, certificate } = await hubAndCertificate();
    const agent = new Agent({ keepAlive: false });
    onTestFinished(() => agent.destroy());
    for (const _ of [1, 2, 3]) {
      expect(await receiveOverHttps(endpoint, certificate, agent)).toBe(204);
    }
  });
});

test("a device id may contain characters that are escaped in certificate names", async () => {
  const authority = await createAuthority();
  const { hub, endpoint } = await hubWithDevice(
    { type: "sas" },
    { deviceAuthorities: [authority.cert] },
  );
  const deviceId = "a,b+c=d";
  const token = ownerTokenOf(hub);
  const authentication = { type: "certificateAuthority" };
  const path = `/devices/${encodeURIComponent(deviceId)}`;
  await callRest(endpoint, { method: "PUT", path, token, json: { deviceId, authentication } });
  const certificate = await issuedBy(authority, deviceId);
  expect(await receiveOverHttps(endpoint, certificate, undefined, deviceId)).toBe(204);
});

// Rule x509-request.
describe("the request for a certificate", () => {
  /** The authorities that the hub names, in DER; TLS 1.2 sends them unencrypted. */
  async function namedAuthorities(hub: LocalHub): Promise<Buffer> {
    const sent: Buffer[] = [];
    const wire = net.connect({ host: "127.0.0.1", port: hub.ports[0] ?? 0 });
    onTestFinished(() => void wire.destroy());
    // From a Node socket, TLS would read the bytes natively, where they cannot be seen.
    const [clientEnd, wireEnd] = createDuplexPair();
    wireEnd.pipe(wire);
    wire.on("data", (chunk: Buffer) => {
      sent.push(chunk);
      wireEnd.write(chunk);
    });
    const socket = tls.connect({
      socket: clientEnd,
      maxVersion: "TLSv1.2",
      servername: "localhost",
      ca: readFileSync(hub.caFile),
    });
    await once(socket, "secureConnect");
    socket.destroy();
    return authoritiesIn(handshakeMessage(Buffer.concat(sent), CERTIFICATE_REQUEST));
  }

  test("names no authorities, because some clients would not send a certificate of another one", async () => {
    const authority = await createAuthority();
    const hub = await startHubForTest({ deviceAuthorities: [authority.cert] });
    expect(await namedAuthorities(hub)).toEqual(Buffer.alloc(0));
  });

  test("names no authorities after the process trusts another hub", async () => {
    const other = await startHubForTest();
    other.trust();
    expect(await namedAuthorities(await startHubForTest())).toEqual(Buffer.alloc(0));
  });
});

const HANDSHAKE_RECORD = 22;
const CERTIFICATE_REQUEST = 13;

/** The body of the first handshake message of this type among TLS records (RFC 5246, 6.2.1 and 7.4). */
function handshakeMessage(records: Buffer, type: number): Buffer {
  const fragments: Buffer[] = [];
  for (let at = 0; at + 5 <= records.length; ) {
    const length = records.readUInt16BE(at + 3);
    if (records[at] !== HANDSHAKE_RECORD) break;
    fragments.push(records.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  const messages = Buffer.concat(fragments);
  for (let at = 0; at + 4 <= messages.length; ) {
    const length = messages.readUIntBE(at + 1, 3);
    if (messages[at] === type) return messages.subarray(at + 4, at + 4 + length);
    at += 4 + length;
  }
  throw new Error(`no handshake message ${type}`);
}

/** Certificate types, signature algorithms, then the names (RFC 5246, 7.4.4). */
function authoritiesIn(request: Buffer): Buffer {
  const types = 1 + request.readUInt8(0);
  const algorithms = 2 + request.readUInt16BE(types);
  const names = request.subarray(types + algorithms);
  expect(names.length).toBe(2 + names.readUInt16BE(0));
  return names.subarray(2);
}
