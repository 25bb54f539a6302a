import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import { createRoutes } from "../../../src/hub/https/routes.ts";
import { createHttpsServer } from "../../../src/hub/https/server.ts";
import { createDuplexPair } from "../../support/duplex-pair.ts";
import { createTestHub, message, type TestHub } from "../../support/test-hub.ts";

/** Every header name of responses, as Azure writes it. */
const NAMES = [
  "Connection",
  "Content-Length",
  "Content-Type",
  "ContentEncoding",
  "ContentType",
  "Date",
  "ETag",
  "Transfer-Encoding",
  "iothub-ack",
  "iothub-app-City",
  "iothub-correlationid",
  "iothub-deliverycount",
  "iothub-enqueuedtime",
  "iothub-errorcode",
  "iothub-expiry",
  "iothub-messageid",
  "iothub-sequencenumber",
  "iothub-to",
  "iothub-userid",
  "x-ms-continuation",
  "x-ms-item-type",
];

interface RawAnswer {
  readonly status: number;
  readonly names: readonly string[];
  header(name: string): string | undefined;
}

interface RawRequest {
  readonly path?: string;
  readonly headers?: readonly string[];
  readonly body?: object;
}

/** Sends a request as the owner, and returns the response as it is on the wire. */
async function exchange(hub: TestHub, method: string, request: RawRequest): Promise<RawAnswer> {
  const [clientEnd, hubEnd] = createDuplexPair();
  onTestFinished(() => void clientEnd.destroy());
  createHttpsServer(hub.services).emit("connection", hubEnd);
  const content = request.body === undefined ? "" : JSON.stringify(request.body);
  const head = [
    `${method} ${request.path} HTTP/1.1`,
    "Host: localhost",
    "Connection: close",
    `Authorization: ${hub.policyToken("iothubowner")}`,
    `Content-Length: ${Buffer.byteLength(content)}`,
    ...(request.headers ?? []),
  ];
  clientEnd.write(`${head.join("\r\n")}\r\n\r\n${content}`);
  const [answered = ""] = (await text(clientEnd)).split("\r\n\r\n");
  const [statusLine = "", ...lines] = answered.split("\r\n");
  const fields = lines.map((line) => line.split(": ", 2) as [string, string]);
  return {
    status: Number(statusLine.split(" ")[1]),
    names: fields.map(([name]) => name),
    header: (name) => fields.find(([own]) => own === name)?.[1],
  };
}

const MESSAGE = message({
  messageId: "m1",
  correlationId: "c1",
  userId: "u1",
  contentType: "text/plain",
  contentEncoding: "utf-8",
  expiryTimeUtcMs: Date.UTC(2027, 0, 1),
  ack: "full",
  properties: { City: "Ulm" },
});

const DEVICEBOUND = "/devices/device1/messages/devicebound";
const FEEDBACK = "/messages/serviceBound/feedback";

async function lockedMessage(hub: TestHub): Promise<string> {
  await hub.cloudToDevice.send("device1", MESSAGE);
  return hub.cloudToDevice.take("device1")?.lockToken ?? "";
}

/** Leaves one batch of feedback in the queue. */
async function makeFeedback(hub: TestHub): Promise<void> {
  await hub.cloudToDevice.settle("device1", await lockedMessage(hub), "complete");
  hub.clock.advance(hub.settings.feedback.intervalMs);
}

async function lockedFeedback(hub: TestHub): Promise<string> {
  await makeFeedback(hub);
  return hub.feedback.take()?.lockToken ?? "";
}

/** For each route, prepares the hub and returns a request that succeeds. */
const REQUESTS: Record<string, (hub: TestHub) => RawRequest | Promise<RawRequest>> = {
  "GET /devices": () => ({ path: "/devices" }),
  "GET /devices/:deviceId": () => ({ path: "/devices/device1" }),
  "PUT /devices/:deviceId": () => ({ path: "/devices/new", body: { deviceId: "new" } }),
  "DELETE /devices/:deviceId": () => ({ path: "/devices/device1", headers: ["If-Match: *"] }),
  "POST /devices": () => ({ path: "/devices", body: [{ id: "new", importMode: "create" }] }),
  "GET /statistics/devices": () => ({ path: "/statistics/devices" }),
  "GET /statistics/service": () => ({ path: "/statistics/service" }),
  "GET /$c2d/status": () => ({ path: "/$c2d/status" }),
  "POST /$c2d/stop": () => ({ path: "/$c2d/stop" }),
  "GET /$c2d/queue": () => ({ path: "/$c2d/queue" }),
  "GET /$c2d/log": () => ({ path: "/$c2d/log" }),
  "POST /devices/query": () => ({
    path: "/devices/query",
    headers: ["x-ms-max-item-count: 1"],
    body: { query: "select * from devices" },
  }),
  "GET /devices/:deviceId/messages/devicebound": async (hub) => {
    await hub.cloudToDevice.send("device1", MESSAGE);
    return { path: DEVICEBOUND };
  },
  "DELETE /devices/:deviceId/messages/devicebound/:lockToken": async (hub) => ({
    path: `${DEVICEBOUND}/${await lockedMessage(hub)}`,
  }),
  "POST /devices/:deviceId/messages/devicebound/:lockToken/abandon": async (hub) => ({
    path: `${DEVICEBOUND}/${await lockedMessage(hub)}/abandon`,
  }),
  "POST /devices/:deviceId/messages/events": () => ({ path: "/devices/device1/messages/events" }),
  "DELETE /devices/:deviceId/commands": () => ({ path: "/devices/device1/commands" }),
  "GET /messages/serviceBound/feedback": async (hub) => {
    await makeFeedback(hub);
    return { path: FEEDBACK };
  },
  "DELETE /messages/serviceBound/feedback/:lockToken": async (hub) => ({
    path: `${FEEDBACK}/${await lockedFeedback(hub)}`,
  }),
  "POST /messages/serviceBound/feedback/:lockToken/abandon": async (hub) => ({
    path: `${FEEDBACK}/${await lockedFeedback(hub)}/abandon`,
  }),
};

test("every route has a request here", async () => {
  const { services } = await createTestHub({});
  const routes = createRoutes(services);
  const known = routes.map(({ method, path }) => `${method} ${path}`);
  expect(known.sort()).toEqual(Object.keys(REQUESTS).sort());
});

// Rule https-header-names.
describe("header names are spelled as Azure spells them", () => {
  test.each(Object.entries(REQUESTS))("in the response to %s", async (route, prepare) => {
    const hub = await createTestHub();
    const answer = await exchange(hub, route.split(" ")[0] ?? "", await prepare(hub));
    expect(answer.status).toBeLessThan(300);
    for (const name of answer.names) expect(NAMES).toContain(name);
  });

  test("in a message to a device, for the C SDK's case-sensitive search for ETag", async () => {
    const hub = await createTestHub();
    await hub.cloudToDevice.send("device1", MESSAGE);
    const { names, header } = await exchange(hub, "GET", { path: DEVICEBOUND });
    expect(header("ETag")).toMatch(/^"[0-9a-f-]{36}"$/);
    const own = NAMES.filter((name) => /^iothub-|^ETag$|^Content(Type|Encoding)$/.test(name));
    expect(names).toEqual(
      expect.arrayContaining(own.filter((name) => !name.endsWith("errorcode"))),
    );
  });

  test("in error responses", async () => {
    const hub = await createTestHub();
    for (const path of ["/devices/absent", "/nothing/here"]) {
      const { status, names } = await exchange(hub, "GET", { path });
      expect(status).toBe(404);
      for (const name of names) expect(NAMES).toContain(name);
      expect(names).toEqual(expect.arrayContaining(["Content-Type", "iothub-errorcode"]));
    }
  });
});

test("a response has a Content-Length, unless it is a 204", async () => {
  const hub = await createTestHub();
  const listed = await exchange(hub, "GET", { path: "/devices" });
  expect(Number(listed.header("Content-Length"))).toBeGreaterThan(2);
  const empty = await exchange(hub, "GET", { path: DEVICEBOUND });
  expect([empty.status, empty.header("Content-Length")]).toEqual([204, undefined]);
});
