import { describe, expect, it } from "vitest";
import { createTestHub, message, type TestHub } from "../../support/test-hub.ts";
import type { HttpResponse } from "../support/http-request.ts";

const PATH = "/devices/device1/messages/devicebound";
const LOCK_LOST = { status: 412, headers: { "iothub-errorcode": "DeviceMessageLockLost" } };

function receive(hub: TestHub, query = "", headers = {}): Promise<HttpResponse> {
  return hub.https("GET", `${PATH}${query}`, hub.deviceToken("device1"), { headers });
}

/** The settlements of a received message, by its lock token. */
const SETTLEMENTS = {
  complete: ["DELETE", ""],
  reject: ["DELETE", "?reject"],
  abandon: ["POST", "/abandon"],
} as const;

function settle(
  hub: TestHub,
  settlement: keyof typeof SETTLEMENTS,
  { headers }: Pick<HttpResponse, "headers">,
): Promise<HttpResponse> {
  const [method, end] = SETTLEMENTS[settlement];
  return hub.https(method, `${PATH}/${lockTokenOf(headers)}${end}`, hub.deviceToken("device1"));
}

function lockTokenOf({ etag = "" }: HttpResponse["headers"]): string {
  const [, lockToken] = /^"([0-9a-f-]{36})"$/.exec(etag) ?? [];
  if (lockToken === undefined) throw new Error(`no lock token in ${etag}`);
  return lockToken;
}

// Rule https-receive.
describe("receiving a message", () => {
  it("returns the oldest, its lock token as ETag and its properties as headers", async () => {
    const hub = await createTestHub();
    const expiryTimeUtcMs = hub.clock.nowMs() + 60_000;
    const system = {
      messageId: "m1",
      correlationId: "c1",
      userId: "u1",
      contentType: "application/json",
      contentEncoding: "utf-8",
      expiryTimeUtcMs,
      ack: "full",
    } as const;
    const properties = { city: "Ulm", "with-ü": "€" };
    await hub.cloudToDevice.send("device1", message({ ...system, properties, body: "\0ü" }));
    await hub.send({ messageId: "m2" });
    const { status, headers, body } = await receive(hub);
    expect(status).toBe(200);
    expect(body).toEqual(Buffer.from("\0ü"));
    expect(lockTokenOf(headers)).toHaveLength(36);
    expect(headers).toMatchObject({
      "iothub-messageid": "m1",
      "iothub-correlationid": "c1",
      "iothub-userid": "u1",
      "iothub-to": "/devices/device1/messages/devicebound",
      "iothub-ack": "full",
      "iothub-expiry": new Date(expiryTimeUtcMs).toISOString(),
      "iothub-sequencenumber": "1",
      "iothub-deliverycount": "0",
      "iothub-enqueuedtime": new Date(hub.clock.nowMs()).toISOString(),
      contenttype: "application/json",
      contentencoding: "utf-8",
      "iothub-app-city": "Ulm",
      "iothub-app-with-%c3%bc": "%E2%82%AC",
    });
  });

  it.each<[string, Parameters<typeof message>[0], Record<string, string>]>([
    ["a property's name", { properties: { "a b:c/ü": "x" } }, { "a%20b%3Ac%2F%C3%BC": "x" }],
    ["a property's value", { properties: { a: "x\r\ny: €" } }, { a: "x%0D%0Ay%3A%20%E2%82%AC" }],
    ["a message id", { messageId: "ü 漢" }, {}],
    ["a correlation id", { correlationId: "\0" }, {}],
    ["a content type", { contentType: "a\r\nx: y" }, {}],
  ])("encodes or omits %s that is not allowed in a header", async (_what, fields, expected) => {
    const hub = await createTestHub();
    await hub.cloudToDevice.send("device1", message(fields));
    const { status, headers } = await receive(hub);
    expect(status).toBe(200);
    const texts = Object.entries(expected);
    const names = texts.map(([name, value]) => [`iothub-app-${name.toLowerCase()}`, value]);
    expect(headers).toMatchObject(Object.fromEntries(names));
    for (const header of Object.values(headers)) expect(header).toMatch(/^[\x20-\x7e]*$/);
  });

  it("returns each message once while locked, and 204 when none is left", async () => {
    const hub = await createTestHub();
    for (const messageId of ["m1", "m2"]) await hub.send({ messageId });
    expect((await receive(hub)).headers["iothub-messageid"]).toBe("m1");
    expect((await receive(hub)).headers["iothub-messageid"]).toBe("m2");
    const { status, headers, body } = await receive(hub);
    expect([status, headers.etag, body.length]).toEqual([204, undefined, 0]);
  });

  it("requires the device's own token", async () => {
    const hub = await createTestHub();
    await hub.send({ messageId: "private" });
    for (const token of [hub.deviceToken("device2"), hub.policyToken("service"), undefined]) {
      const { status, headers } = await hub.https("GET", PATH, token);
      expect([status, headers["iothub-messageid"]]).toEqual([401, undefined]);
    }
    expect(hub.log.of("delivered")).toEqual([]);
  });
});

// Rules c2d-lock-timeout, c2d-delivery-count.
describe("the lock of a received message", () => {
  it.each<[string, string, Record<string, string>, number]>([
    ["60 s by default", "", {}, 60_000],
    ["5 s by header", "", { "iothub-messagelocktimeout": "5" }, 5000],
    ["300 s by header", "", { "IotHub-MessageLockTimeout": "300" }, 300_000],
    ["120 s by query", "?IotHub-MessageLockTimeout=120", {}, 120_000],
  ])(
    "lasts %s; the redelivery does not raise the delivery count",
    async (_how, query, headers, lockMs) => {
      const hub = await createTestHub();
      await hub.send({ messageId: "m1" });
      const first = await receive(hub, query, headers);
      hub.clock.advance(lockMs - 1);
      expect((await receive(hub)).status).toBe(204);
      hub.clock.advance(1);
      const again = await receive(hub);
      expect(again.headers).toMatchObject({
        "iothub-messageid": "m1",
        "iothub-deliverycount": "0",
      });
      expect(again.headers.etag).not.toBe(first.headers.etag);
    },
  );

  it.each(["4", "301", "0", "-5", "5.5", "1e2", "soon"])(
    "cannot last %s seconds: 400, and nothing is locked",
    async (seconds) => {
      const hub = await createTestHub();
      await hub.send();
      const headers = { "iothub-messagelocktimeout": seconds };
      expect(await receive(hub, "", headers)).toMatchObject({
        status: 400,
        headers: { "iothub-errorcode": "ArgumentInvalid" },
      });
      expect((await receive(hub)).status).toBe(200);
    },
  );
});

// Rule https-settle.
describe("settling a received message", () => {
  it.each([
    ["DELETE completes it", "complete", "Success"],
    ["DELETE with ?reject rejects it", "reject", "Rejected"],
  ] as const)("%s", async (_how, settlement, statusCode) => {
    const hub = await createTestHub();
    await hub.send({ messageId: "m1", ack: "full" });
    expect((await settle(hub, settlement, await receive(hub))).status).toBe(204);
    expect(hub.log.of("feedback")).toMatchObject([{ originalMessageId: "m1", statusCode }]);
    expect(hub.cloudToDevice.countOf("device1")).toBe(0);
  });

  it("POST /abandon redelivers it at once, before later messages, with a raised delivery count", async () => {
    const hub = await createTestHub();
    for (const messageId of ["m1", "m2"]) await hub.send({ messageId });
    expect((await settle(hub, "abandon", await receive(hub))).status).toBe(204);
    expect((await receive(hub)).headers).toMatchObject({
      "iothub-messageid": "m1",
      "iothub-deliverycount": "1",
    });
  });

  it("the tenth abandon dead-letters it (rule c2d-max-delivery-count)", async () => {
    const hub = await createTestHub();
    await hub.send({ messageId: "m1", ack: "full" });
    for (let n = 0; n < 10; n++) {
      expect(hub.log.of("feedback")).toEqual([]);
      await settle(hub, "abandon", await receive(hub));
    }
    expect(hub.log.of("feedback")).toMatchObject([{ statusCode: "DeliveryCountExceeded" }]);
    expect((await receive(hub)).status).toBe(204);
  });
});

// Rule c2d-lock-lost.
describe.each(["complete", "reject", "abandon"] as const)("%s without the lock", (settlement) => {
  it("is 412 DeviceMessageLockLost after the lock expired, and changes nothing", async () => {
    const hub = await createTestHub();
    await hub.send({ messageId: "m1", ack: "full" });
    const first = await receive(hub);
    hub.clock.advance(60_000);
    const late = await settle(hub, settlement, first);
    expect(late).toMatchObject(LOCK_LOST);
    expect(late.body.toString()).toContain("ErrorCode:DeviceMessageLockLost;");
    expect(hub.log.of("settled")).toEqual([]);
    const again = await receive(hub);
    expect(await settle(hub, settlement, first)).toMatchObject(LOCK_LOST);
    expect((await settle(hub, "complete", again)).status).toBe(204);
    expect(hub.log.of("feedback")).toMatchObject([{ statusCode: "Success" }]);
  });

  it("is 412 DeviceMessageLockLost with a used lock token or another device's", async () => {
    const hub = await createTestHub();
    for (const deviceId of ["device1", "device2"]) await hub.send({}, deviceId);
    const own = await receive(hub);
    await settle(hub, "complete", own);
    expect(await settle(hub, settlement, own)).toMatchObject(LOCK_LOST);
    const path = "/devices/device2/messages/devicebound";
    const others = await hub.https("GET", path, hub.deviceToken("device2"));
    expect(await settle(hub, settlement, others)).toMatchObject(LOCK_LOST);
    expect(hub.cloudToDevice.countOf("device2")).toBe(1);
  });
});
