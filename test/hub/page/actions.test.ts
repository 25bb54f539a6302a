/** What the page asks the hub to do, and the content of messages. */

import { Message } from "azure-iot-device";
import { Mqtt } from "azure-iot-device-mqtt";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { SendRequest, Snapshot } from "../../../src/hub/page/page-types.ts";
import { type LocalHub, ManualClock, startLocalHub } from "../../../src/index.ts";
import { openSdkDevice } from "../../support/sdk-device.ts";
import { Visitor } from "./support.ts";

const NOW = Date.UTC(2026, 0, 1);
/** All that a device id may have. */
const LEGAL = "azAZ09-.+%_#*?!(),=@$':";
const MARKUP = `<img src=x onerror="alert(1)">'</script><!--\u2028\u202e\0`;

let hub: LocalHub;
let visitor: Visitor;

beforeAll(async () => {
  hub = await startLocalHub({ ui: true, clock: new ManualClock(NOW), queueDepth: 2 });
  visitor = await Visitor.of(hub);
  return () => hub.stop();
});

/** A device of this test alone. */
function device(deviceId = `device-${Math.random()}`): string {
  hub.deviceConnectionString(deviceId);
  return deviceId;
}

function pathOf(deviceId: string): string {
  return `devices/${encodeURIComponent(deviceId)}`;
}

async function errorOf(answer: ReturnType<Visitor["act"]>): Promise<readonly [number, string]> {
  const { status, text, headers } = await answer;
  expect(headers["content-type"]).toBe("application/json; charset=utf-8");
  return [status, JSON.parse(text).name];
}

function send(request: Partial<SendRequest> & object) {
  return visitor.act("POST", "messages", request);
}

/** As a page that is opened now has it. */
async function snapshot(): Promise<Snapshot> {
  const { events, response } = await visitor.follow();
  const { name, data } = await events.next();
  response.destroy();
  expect(name).toBe("snapshot");
  return data;
}

describe("sending", () => {
  test("puts the message into the queue, with all that was given", async () => {
    const deviceId = device();
    const { status } = await send({
      deviceId,
      body: '{"a":1}',
      contentType: "application/json",
      contentEncoding: "utf-8",
      messageId: "m1",
      correlationId: "c1",
      userId: "u1",
      properties: { room: "hall", empty: "" },
      expiresInMs: 90_000,
      ack: "full",
    });
    expect(status).toBe(201);
    const [{ body, properties, system, expiryTimeUtc } = {}] = hub.queue(deviceId);
    expect(Buffer.from(body ?? []).toString()).toBe('{"a":1}');
    expect(properties).toEqual({ room: "hall", empty: "" });
    expect(system).toEqual({
      contentType: "application/json",
      contentEncoding: "utf-8",
      messageId: "m1",
      correlationId: "c1",
      userId: "u1",
      expiryTimeUtcMs: NOW + 90_000,
      ack: "full",
    });
    expect(expiryTimeUtc).toBe(new Date(NOW + 90_000).toISOString());
  });

  test("leaves out what is empty", async () => {
    const deviceId = device();
    const empty = { body: "", messageId: "", contentType: "", userId: "", ack: "" };
    expect((await send({ deviceId, ...empty, properties: {} })).status).toBe(201);
    const [{ bytes, properties, system } = {}] = hub.queue(deviceId);
    expect([bytes, properties, system]).toEqual([0, {}, {}]);
  });

  test.each([
    ["utf8", "h\u00e9", "68c3a9"],
    ["hex", "00FF 10", "00ff10"],
    ["base64", "AP8Q\n", "00ff10"],
    ["base64", "AP8", "00ff"],
  ] as const)("takes a body in %s", async (bodyEncoding, body, hex) => {
    const deviceId = device();
    expect((await send({ deviceId, body, bodyEncoding })).status).toBe(201);
    expect(Buffer.from(hub.queue(deviceId)[0]?.body ?? []).toString("hex")).toBe(hex);
  });

  test.each<[string, object | string, number, string]>([
    ["no device", { body: "x" }, 400, "ArgumentInvalid"],
    ["an unknown device", { deviceId: "nobody" }, 404, "DeviceNotFound"],
    ["a list", [], 400, "ArgumentInvalid"],
    ["nothing", "null", 400, "ArgumentInvalid"],
    ["what is no JSON", "{", 400, "ArgumentInvalid"],
    ["an unknown field", { deviceId: "d", topic: "x" }, 400, "ArgumentInvalid"],
    ["a number for a text", { deviceId: "d", messageId: 1 }, 400, "ArgumentInvalid"],
    ["a number for a property", { deviceId: "d", properties: { a: 1 } }, 400, "ArgumentInvalid"],
    ["a list of properties", { deviceId: "d", properties: ["a"] }, 400, "ArgumentInvalid"],
    [
      "a reserved name",
      { deviceId: "d", properties: { "iothub-ack": "x" } },
      400,
      "ArgumentInvalid",
    ],
    ["half a byte", { deviceId: "d", body: "abc", bodyEncoding: "hex" }, 400, "ArgumentInvalid"],
    ["no base64", { deviceId: "d", body: "a*bc", bodyEncoding: "base64" }, 400, "ArgumentInvalid"],
    ["no encoding", { deviceId: "d", body: "a", bodyEncoding: "utf7" }, 400, "ArgumentInvalid"],
    ["an unknown ack", { deviceId: "d", ack: "maybe" }, 400, "ArgumentInvalid"],
    ["an expiry before now", { deviceId: "d", expiresInMs: -1 }, 400, "ArgumentInvalid"],
    ["an expiry after all time", { deviceId: "d", expiresInMs: 1e300 }, 400, "ArgumentInvalid"],
    ["a long message id", { deviceId: "d", messageId: "x".repeat(129) }, 400, "ArgumentInvalid"],
  ])("refuses %s", async (_, request, status, name) => {
    device("d");
    const headers = { "content-type": "application/json" };
    const path = "/api/messages";
    const answer =
      typeof request === "string"
        ? visitor.ask(path, {
            method: "POST",
            body: request,
            headers: { ...headers, origin: visitor.origin, "c2d-page": "1" },
          })
        : visitor.act("POST", "messages", request);
    expect(await errorOf(answer)).toEqual([status, name]);
    expect(hub.queue("d")).toEqual([]);
  });

  test("tells the limits of the hub", async () => {
    const deviceId = device();
    expect(await errorOf(send({ deviceId, body: "x".repeat(64 * 1024 + 1) }))).toEqual([
      413,
      "MessageTooLarge",
    ]);
    for (let n = 0; n < 2; n++) expect((await send({ deviceId })).status).toBe(201);
    expect(await errorOf(send({ deviceId }))).toEqual([403, "DeviceMaximumQueueDepthExceeded"]);
    await visitor.act("PATCH", pathOf(deviceId), { isEnabled: false });
    expect(await errorOf(send({ deviceId }))).toEqual([404, "DeviceNotFound"]);
  });

  test("takes 256 KB of whatever in, and no more than 2 MB", async () => {
    const deviceId = device();
    const escaped = JSON.stringify({ deviceId, body: "\0".repeat(256 * 1024) });
    const base64 = {
      deviceId,
      body: Buffer.alloc(256 * 1024).toString("base64"),
      bodyEncoding: "base64",
    } as const;
    expect(escaped.length).toBeGreaterThan(1024 * 1024);
    for (const request of [JSON.parse(escaped), base64]) {
      const { status, text } = await send(request);
      expect([status, JSON.parse(text).message]).toEqual([
        413,
        expect.stringContaining("262144 bytes"),
      ]);
    }
    const { status, text } = await send({ deviceId, body: "x".repeat(2 * 1024 * 1024) });
    expect([status, JSON.parse(text).message]).toEqual([413, expect.stringContaining("A request")]);
  });
});

describe("devices", () => {
  test("are created, disabled, enabled and deleted", async () => {
    const deviceId = `new-${Math.random()}`;
    expect((await visitor.act("PUT", pathOf(deviceId))).status).toBe(201);
    expect(await errorOf(visitor.act("PUT", pathOf(deviceId), {}))).toEqual([
      409,
      "DeviceAlreadyExists",
    ]);
    const found = async () => (await snapshot()).devices.find((one) => one.deviceId === deviceId);
    expect(await found()).toEqual({
      deviceId,
      isEnabled: true,
      obstacle: "notConnected",
      authentication: "sas",
      waiting: 0,
      locked: 0,
    });
    expect((await visitor.act("PATCH", pathOf(deviceId), { isEnabled: false })).status).toBe(204);
    expect(await found()).toMatchObject({ isEnabled: false });
    expect((await visitor.act("PATCH", pathOf(deviceId), { isEnabled: true })).status).toBe(204);
    expect(await found()).toMatchObject({ isEnabled: true });
    expect((await visitor.act("DELETE", pathOf(deviceId))).status).toBe(204);
    expect(await found()).toBeUndefined();
  });

  test("are purged", async () => {
    const deviceId = device();
    await hub.send(deviceId);
    const { status, text } = await visitor.act("DELETE", `${pathOf(deviceId)}/messages`);
    expect([status, JSON.parse(text)]).toEqual([200, { purged: 1 }]);
    expect(hub.queue(deviceId)).toEqual([]);
  });

  test.each([LEGAL, "%2F", "%41", "..", ".", "...", "a+b", "$c2d", "a".repeat(128)])(
    "have any legal id: %s",
    async (deviceId) => {
      // As in the page: without the mark, a browser would take dots for a folder.
      const path = `devices/~${encodeURIComponent(deviceId)}`;
      expect((await visitor.act("PUT", path)).status).toBe(201);
      expect((await send({ deviceId, body: "x" })).status).toBe(201);
      const { devices, messages } = await snapshot();
      expect(devices).toContainEqual(expect.objectContaining({ deviceId, waiting: 1 }));
      const [{ key } = { key: "" }] = messages.filter((one) => one.deviceId === deviceId);
      const content = await visitor.ask(`/api/messages/${encodeURIComponent(key)}`);
      expect(JSON.parse(content.text)).toMatchObject({ body: "eA==" });
      expect((await visitor.act("DELETE", `${path}/messages`)).status).toBe(200);
      expect((await visitor.act("DELETE", path)).status).toBe(204);
    },
  );

  test.each(["a b", "a/b", "\u00e4", "a;b", "a&b", "<b>", "~", "a".repeat(129), "", "\0"])(
    "have no other id: %j",
    async (deviceId) => {
      const path = `devices/~${encodeURIComponent(deviceId)}`;
      expect(await errorOf(visitor.act("PUT", path))).toEqual([400, "ArgumentInvalid"]);
    },
  );

  test.each([
    ["PATCH", "devices/nobody", { isEnabled: true }],
    ["DELETE", "devices/nobody", undefined],
    ["DELETE", "devices/nobody/messages", undefined],
  ])("that do not exist are not changed: %s %s", async (method, path, body) => {
    expect(await errorOf(visitor.act(method, path, body))).toEqual([404, "DeviceNotFound"]);
    expect(() => hub.queue("nobody")).toThrow("no device");
  });

  test.each([[{}], [{ isEnabled: "no" }], [{ isEnabled: true, primaryKey: "x" }]])(
    "are not changed by %j",
    async (change) => {
      const path = pathOf(device());
      expect(await errorOf(visitor.act("PATCH", path, change))).toEqual([400, "ArgumentInvalid"]);
    },
  );

  test.each([
    ["GET", "devices/d"],
    ["POST", "devices/d"],
    ["POST", "devices"],
    ["DELETE", "devices"],
    ["DELETE", "devices/d/messages/1"],
    ["PUT", "devices/d/messages"],
    ["GET", "messages"],
    ["GET", "messages/1/2"],
    ["DELETE", "messages/1"],
    ["POST", "stream"],
    ["GET", ""],
    ["GET", "__proto__"],
  ])("nothing is at %s %s", async (method, path) => {
    expect(await errorOf(visitor.act(method, path))).toEqual([404, "NotFound"]);
  });

  test("a path that cannot be decoded is refused", async () => {
    expect(await errorOf(visitor.act("PUT", "devices/%zz"))).toEqual([400, "ArgumentInvalid"]);
  });

  test("keys are not shown", async () => {
    const deviceId = device();
    const [, key = ""] = /SharedAccessKey=(.+)$/.exec(hub.deviceConnectionString(deviceId)) ?? [];
    expect(key).not.toBe("");
    expect(JSON.stringify(await snapshot())).not.toContain(key);
  });
});

describe("content", () => {
  test("of a message that is markup is JSON, as it came", async () => {
    const deviceId = device();
    const properties = { [MARKUP]: MARKUP };
    await hub.send(deviceId, { body: MARKUP, messageId: MARKUP, userId: MARKUP, properties });
    const { messages } = await snapshot();
    const [{ key, messageId } = { key: "" }] = messages;
    expect(messageId).toBe(MARKUP);
    const { status, headers, text } = await visitor.ask(`/api/messages/${encodeURIComponent(key)}`);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      "content-type": "application/json; charset=utf-8",
      "x-content-type-options": "nosniff",
    });
    const content = JSON.parse(text);
    expect(Buffer.from(content.body, "base64").toString()).toBe(MARKUP);
    expect(content).toMatchObject({ properties, system: { messageId: MARKUP, userId: MARKUP } });
  });

  test("of a message has its system properties by IoT Hub's names", async () => {
    const deviceId = device("a#b");
    await hub.send(deviceId, { body: { a: 1 }, messageId: "m1", ack: "full", correlationId: "c" });
    const { messages } = await snapshot();
    const { text } = await visitor.ask(
      `/api/messages/${encodeURIComponent(messages[0]?.key ?? "")}`,
    );
    expect(JSON.parse(text)).toEqual({
      body: Buffer.from('{"a":1}').toString("base64"),
      bytes: 7,
      system: {
        to: "/devices/a#b/messages/devicebound",
        sequenceNumber: "1",
        enqueuedTimeUtc: new Date(NOW).toISOString(),
        expiryTimeUtc: new Date(NOW + 3_600_000).toISOString(),
        contentType: "application/json",
        contentEncoding: "utf-8",
        messageId: "m1",
        correlationId: "c",
        ack: "full",
      },
      properties: {},
    });
  });

  test.each([
    "messages/none",
    "messages/1",
    "messages/999999.1.1.d",
    "messages/0.1.1.nobody",
    "events/none",
    "events/999999",
    "events/0",
  ])("is no longer kept: %s", async (path) => {
    expect(await errorOf(visitor.ask(`/api/${path}`))).toEqual([404, "MessagingEntityNotFound"]);
  });

  test("of telemetry, up to 256 KB", async () => {
    const real = await startLocalHub({ ui: true });
    onTestFinished(() => real.stop());
    const page = await Visitor.of(real);
    real.trust();
    const sender = await openSdkDevice(real, Mqtt);
    const body = "x".repeat(250 * 1024);
    const event = new Message(body);
    event.messageId = "t1";
    event.properties.add("a", "b");
    await sender.sendEvent(event);
    const { events } = await page.follow();
    const { data } = await events.next();
    const [view] = data.events;
    expect(view).toMatchObject({ deviceId: "device1", messageId: "t1", bytes: body.length });
    expect(view.preview).toBe("x".repeat(160));
    const { status, text } = await page.ask(`/api/events/${view.key}`);
    expect(status).toBe(200);
    const content = JSON.parse(text);
    expect(Buffer.from(content.body, "base64").toString()).toBe(body);
    expect(content).toMatchObject({
      properties: { a: "b" },
      system: { messageId: "t1", partitionId: view.partitionId, sequenceNumber: "0" },
    });
  });
});
