/** Events over HTTP, against a scripted server that misbehaves. */

import type { IncomingMessage, ServerResponse } from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { OutcomeUnknownError } from "../../../src/client/errors/outcome-unknown-error.ts";
import type { Message } from "../../../src/core/message.ts";
import { selfSigned } from "../support/self-signed.ts";
import { connectSending, type SendingDevice } from "../support/sending-device.ts";

interface Posted {
  readonly request: IncomingMessage;
  readonly body: Buffer;
}

interface ScriptedServer {
  readonly hostName: string;
  readonly ca: string;
  readonly posted: readonly Posted[];
  stop(): Promise<void>;
}

type Answer = (response: ServerResponse) => void;

const taken: Answer = (response) => void response.writeHead(204).end();

async function start(answer: Answer = taken): Promise<ScriptedServer> {
  const { cert, key } = await selfSigned();
  const posted: Posted[] = [];
  const server = https.createServer({ cert, key }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      posted.push({ request, body: Buffer.concat(chunks) });
      answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(stop);
  const { port } = server.address() as AddressInfo;
  return { hostName: `localhost:${port}`, ca: cert, posted, stop };
}

async function connect(server: ScriptedServer): Promise<SendingDevice> {
  const device = await connectSending(server, { transport: "http" });
  onTestFinished(() => device.connection.close());
  return device;
}

const message = (parts: Partial<Message> = {}): Message => ({
  system: {},
  properties: {},
  body: Buffer.from("body"),
  ...parts,
});

/** Header names as sent, each with its value. */
function headersOf({ request }: Posted): Record<string, string> {
  const { rawHeaders } = request;
  const names = rawHeaders.filter((_, at) => at % 2 === 0);
  return Object.fromEntries(names.map((name, at) => [name, rawHeaders[2 * at + 1] ?? ""]));
}

it("a device that only sends does not poll", async () => {
  const server = await start();
  const { connection } = await connect(server);
  expect(server.posted).toEqual([]);
  await connection.sendEvent(message());
  expect(server.posted.map(({ request }) => `${request.method} ${request.url}`)).toEqual([
    expect.stringMatching(/^POST \/devices\/device1\/messages\/events\?api-version=/),
  ]);
});

it("an event has its properties in headers, encoded where necessary", async () => {
  const server = await start();
  const { connection } = await connect(server);
  const body = Buffer.from([0, 0xff, 0x80]);
  await connection.sendEvent(
    message({
      system: {
        messageId: "m 1",
        correlationId: "ü\r\nX: y",
        userId: "jemand",
        contentType: "text/plain",
        contentEncoding: "utf-16",
      },
      properties: {
        lonely: null,
        empty: "",
        UPPER: "50%25",
        "a b(ü)": " ends ",
        Authorization: "x",
      },
      body,
    }),
  );
  const [posted] = server.posted;
  expect(posted?.body).toEqual(body);
  expect(posted && headersOf(posted)).toMatchObject({
    "IoTHub-MessageId": "m 1",
    "IoTHub-CorrelationId": "%C3%BC%0D%0AX%3A%20y",
    "IoTHub-UserId": "jemand",
    "iothub-contenttype": "text/plain",
    "iothub-contentencoding": "utf-16",
    "iothub-app-lonely": "",
    "iothub-app-empty": "",
    "iothub-app-UPPER": "50%25",
    "iothub-app-a%20b%28%C3%BC%29": "%20ends%20",
    "iothub-app-Authorization": "x",
    Authorization: expect.stringContaining("SharedAccessSignature"),
  });
});

describe("an event that is not accepted", () => {
  it.each([
    [429, "ThrottlingException", "Throttling"],
    [413, "MessageTooLarge", "MessageTooLarge"],
    [403, "IotHubQuotaExceeded", "IotHubQuotaExceeded"],
    [401, "IotHubUnauthorized", "IotHubUnauthorized"],
  ])("because of status %i is %s, and the connection continues", async (status, code, name) => {
    const server = await start((response) =>
      response
        .writeHead(status, { "content-type": "application/json" })
        .end(JSON.stringify({ Message: `ErrorCode:${code};no.` })),
    );
    const { connection, disconnects } = await connect(server);
    await expect(connection.sendEvent(message())).rejects.toMatchObject({
      name,
      hint: expect.any(String),
    });
    expect(disconnects).toEqual([]);
  });

  it("because the connection closed may have been stored", async () => {
    const server = await start((response) => void response.destroy());
    const { connection, disconnected } = await connect(server);
    await expect(connection.sendEvent(message())).rejects.toThrow(OutcomeUnknownError);
    expect(await disconnected).toMatchObject({ name: "ConnectionLost" });
  });

  it("because nothing listens was not stored", async () => {
    const server = await start();
    const { connection, disconnected } = await connect(server);
    await server.stop();
    const sent = connection.sendEvent(message());
    await expect(sent).rejects.toMatchObject({ name: "ConnectionRefused" });
    await expect(sent).rejects.not.toThrow(OutcomeUnknownError);
    await disconnected;
  });
});
