/** A device over HTTP, against a scripted server that misbehaves. */

import { createPrivateKey, X509Certificate } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import { createDeferred } from "../../../src/async/deferred.ts";
import type { DeviceConnectOptions } from "../../../src/client/connection/device-connection.ts";
import { connectListening, type ListeningDevice } from "../support/listening-device.ts";
import { selfSigned } from "../support/self-signed.ts";
import { timersLeftBy } from "../support/timers.ts";

interface ScriptedServer {
  readonly hostName: string;
  readonly ca: string;
  /** `GET /path?query`, in order. */
  readonly requests: readonly string[];
}

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

const empty: Answer = (response) => void response.writeHead(204).end();

/** @param answers One for each request in turn; then the queue is empty. */
async function scripted(...answers: readonly Answer[]): Promise<ScriptedServer> {
  const { cert, key } = await selfSigned();
  const requests: string[] = [];
  const options = { cert, key, requestCert: true, rejectUnauthorized: false };
  const server = https.createServer(options, (request, response) => {
    const answer = answers[requests.length] ?? empty;
    requests.push(`${request.method} ${request.url}`);
    answer(response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { hostName: `localhost:${port}`, ca: cert, requests };
}

async function connect(
  { hostName, ca }: ScriptedServer,
  options: Partial<DeviceConnectOptions> = {},
  credential = "SharedAccessKey=c2VjcmV0",
): Promise<ListeningDevice> {
  const connectionString = `HostName=${hostName};DeviceId=device1;${credential}`;
  const device = await connectListening(
    { connectionString, ca },
    { transport: "http", ...options },
  );
  onTestFinished(() => device.connection.close());
  return device;
}

const message =
  (headers: Readonly<Record<string, string>> = {}, body: string | Buffer = ""): Answer =>
  (response) =>
    void response.writeHead(200, { etag: '"lock-1"', ...headers }).end(body);

const refusal =
  (status: number, code: string, text = "words."): Answer =>
  (response) =>
    void response
      .writeHead(status, { "content-type": "application/json" })
      .end(JSON.stringify({ Message: `ErrorCode:${code};${text}` }));

describe("a message", () => {
  it("keeps the case of its property names, and text that only looks encoded", async () => {
    const server = await scripted(
      message(
        {
          "IoTHub-MessageId": "100%25 %zz",
          "iothub-correlationid": "%C3%BC",
          "iothub-app-Upper": "50%25",
          "iothub-app-%C3%BC%20b": "wert%20%C3%BC",
          "iothub-app-%zz": "x",
          "iothub-ack": "Full",
          "iothub-expiry": "not a time",
          ContentType: "text/plain",
          "content-type": "application/octet-stream",
        },
        Buffer.from([0, 0xff]),
      ),
    );
    const device = await connect(server);
    expect((await device.delivery(0)).message).toEqual({
      system: {
        messageId: "100%25 %zz",
        correlationId: "ü",
        ack: "full",
        contentType: "text/plain",
      },
      properties: { Upper: "50%25", "ü b": "wert ü", "%zz": "x" },
      malformed: ["%zz"],
      body: Buffer.from([0, 0xff]),
      isRedelivered: false,
    });
  });

  it.each([
    ["complete", /^DELETE .*devicebound\/lock-1\?api-version=[\d-]+$/],
    ["reject", /^DELETE .*devicebound\/lock-1\?api-version=[\d-]+&reject$/],
    ["abandon", /^POST .*devicebound\/lock-1\/abandon\?api-version=[\d-]+$/],
  ] as const)("is settled by its lock token: %s", async (settlement, request) => {
    const server = await scripted(message());
    const device = await connect(server);
    await (await device.delivery(0)).settle(settlement);
    expect(server.requests[1]).toMatch(request);
  });

  it("is settled before the next one is requested", async () => {
    const server = await scripted(message(), empty, message({ "iothub-messageid": "second" }));
    const device = await connect(server, { pollIntervalMs: 1 });
    const first = await device.delivery(0);
    expect(server.requests).toHaveLength(1);
    await first.settle("complete");
    expect((await device.delivery(1)).message.system.messageId).toBe("second");
  });

  it("with an expired lock is reported, and the next one is delivered", async () => {
    const server = await scripted(message(), refusal(412, "DeviceMessageLockLost"), message());
    const device = await connect(server);
    await expect((await device.delivery(0)).settle("complete")).rejects.toMatchObject({
      name: "DeviceMessageLockLost",
    });
    await device.delivery(1);
    expect(device.disconnects).toEqual([]);
  });

  it("is the last one when the connection closes during its settlement", async () => {
    const server = await scripted(message(), empty, message());
    const device = await connect(server);
    await (await device.delivery(0)).settle("complete");
    await device.connection.close();
    expect(server.requests).toHaveLength(2);
  });
});

describe("an error response", () => {
  it.each([
    [401, "IotHubUnauthorized", "IotHubUnauthorized"],
    [401, "", "IotHubUnauthorized"],
    [403, "IotHubQuotaExceeded", "IotHubQuotaExceeded"],
    [404, "DeviceNotFound", "DeviceNotFound"],
    [429, "ThrottlingException", "Throttling"],
    [500, "ServerError", "ServerError"],
    [502, "", "ServerError"],
    [503, "ServiceUnavailable", "ServiceUnavailable"],
    [302, "", "ArgumentInvalid"],
  ])("with status %i and code '%s' while connecting is %s", async (status, code, name) => {
    const server = await scripted(refusal(status, code));
    const left = await timersLeftBy(() =>
      expect(connect(server)).rejects.toMatchObject({
        name,
        message: expect.stringContaining(`HTTP ${status}`),
      }),
    );
    expect(left).toEqual([]);
  });

  it("without JSON is reported by its status", async () => {
    const server = await scripted((response) => void response.writeHead(404).end("<html>"));
    await expect(connect(server)).rejects.toMatchObject({ name: "DeviceNotFound" });
  });

  it("to a later request ends the connection, and is reported once", async () => {
    const server = await scripted(empty, refusal(401, "IotHubUnauthorized"));
    const device = await connect(server, { pollIntervalMs: 1 });
    expect(await device.disconnected).toMatchObject({ name: "IotHubUnauthorized" });
    await device.connection.close();
    expect(device.disconnects).toHaveLength(1);
  });

  it("to a settlement also ends the connection", async () => {
    const server = await scripted(message(), refusal(503, "ServiceUnavailable"));
    const device = await connect(server);
    const settled = (await device.delivery(0)).settle("complete");
    await expect(settled).rejects.toMatchObject({ name: "ServiceUnavailable" });
    expect(await device.disconnected).toMatchObject({ name: "ServiceUnavailable" });
  });
});

describe("a response", () => {
  it("that is cut off ends the connection", async () => {
    const server = await scripted(empty, (response) => {
      response.writeHead(200, { "content-length": "10" }).write("12345");
      setImmediate(() => response.destroy());
    });
    const device = await connect(server, { pollIntervalMs: 1 });
    expect(await device.disconnected).toMatchObject({ name: "ConnectionLost" });
    expect(device.deliveries).toEqual([]);
  });

  it("that never arrives does not delay close", async () => {
    const asked = createDeferred<void>();
    const server = await scripted(empty, () => asked.resolve());
    const left = await timersLeftBy(async () => {
      const device = await connect(server, { pollIntervalMs: 1 });
      await asked.promise;
      await device.connection.close();
      expect(device.disconnects).toEqual([]);
    });
    expect(left).toEqual([]);
  });
});

it("an X.509 device presents its certificate, with an encrypted key, and no token", async () => {
  const shown: unknown[] = [];
  const server = await scripted((response, { socket, headers }) => {
    const { fingerprint256 } = (socket as TLSSocket).getPeerCertificate();
    shown.push(fingerprint256, headers.authorization);
    response.writeHead(204).end();
  });
  const { cert, key } = await selfSigned();
  const passphrase = "geheim";
  const locked = createPrivateKey(key).export({
    type: "pkcs8",
    format: "pem",
    cipher: "aes-256-cbc",
    passphrase,
  });
  await connect(server, { certificate: { cert, key: locked.toString(), passphrase } }, "x509=true");
  expect(shown).toEqual([new X509Certificate(cert).fingerprint256, undefined]);
});
