import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { Message as AmqpMessage, ReceiverOptions, SenderOptions } from "rhea";
import { describe, expect, it } from "vitest";
import { dataOf } from "../../support/amqp-peer.ts";
import { RawAmqp } from "../../support/raw-amqp.ts";
import { connectTestService, createTestHub, HOST, type TestHub } from "../../support/test-hub.ts";

const TWIN = "/devices/device1/twin";
const METHODS = "/devices/device1/methods/devicebound";
const UNAUTHORIZED = { condition: "amqp:unauthorized-access" };
const [SETTLED, FIRST] = [1, 0] as const;

/** The link properties in a client's ATTACH. */
function linkProperties(channel: "twin" | "methods", version = "2016-11-14") {
  return {
    "com.microsoft:channel-correlation-id": `${channel}:${randomUUID()}`,
    "com.microsoft:api-version": version,
    "com.microsoft:client-version": "iothubclient/1.9.0 (native; Linux; x86_64)",
  };
}

type Form = readonly [
  client: string,
  addressOf: (path: string) => string,
  modes: Pick<SenderOptions, "snd_settle_mode"> & Pick<ReceiverOptions, "rcv_settle_mode">,
];

/** How each client attaches both links. */
const CLIENTS: readonly Form[] = [
  ["C", (path: string) => `amqps://${HOST}${path}`, { rcv_settle_mode: FIRST }],
  ["Node", (path: string) => path, { snd_settle_mode: SETTLED, rcv_settle_mode: FIRST }],
  ["C#", (path: string) => `amqps://${HOST}:5671${path}`, { snd_settle_mode: SETTLED }],
];

async function attach(hub: TestHub, path: string, form: Form) {
  const [, addressOf, modes] = form;
  const peer = await hub.connectAmqpDevice();
  // One id for both links.
  const properties = linkProperties(path === TWIN ? "twin" : "methods");
  const link = { ...modes, properties };
  const address = addressOf(path);
  const requests = await peer.openSender(address, {
    ...link,
    source: { address: `link_snd-${properties["com.microsoft:channel-correlation-id"]}` },
  });
  const replies = await peer.openReceiver(address, { ...link, autoaccept: true });
  return { peer, requests, replies };
}

// Rules twin-minimal, amqp-address.
describe.each(CLIENTS)("twin links as %s attaches them", (...form) => {
  async function request(fields: Partial<AmqpMessage>) {
    const { requests, replies } = await attach(await createTestHub(), TWIN, form);
    const correlation_id = randomUUID();
    requests.link.send({ body: " ", correlation_id, ...fields });
    const { message } = await replies.next();
    expect(message.correlation_id).toBe(correlation_id);
    return message;
  }

  it("answer GET with an empty twin", async () => {
    const message = await request({ message_annotations: { operation: "GET" } });
    expect(message.message_annotations).toEqual({ status: 200 });
    expect(JSON.parse(dataOf(message).toString())).toEqual({
      desired: { $version: 1 },
      reported: { $version: 1 },
    });
  });

  it("answer PATCH with the new version", async () => {
    const message = await request({
      message_annotations: { operation: "PATCH", resource: "/properties/reported" },
      body: '{"a":1}',
    });
    expect(message.message_annotations).toEqual({ status: 200, version: 2 });
    expect(dataOf(message)).toHaveLength(0);
  });

  it.each(["PUT", "DELETE"])("answer %s of the desired properties", async (operation) => {
    const resource = "/notifications/twin/properties/desired";
    const message = await request({ message_annotations: { operation, resource } });
    expect(message.message_annotations).toEqual({ status: 200 });
    expect(dataOf(message)).toHaveLength(0);
  });
});

// Rules twin-minimal, amqp-address.
describe.each(CLIENTS)("method links as %s attaches them", (...form) => {
  it("are accepted", async () => {
    const hub = await createTestHub();
    const { requests, replies } = await attach(hub, METHODS, form);
    expect(requests.link.is_open()).toBe(true);
    expect(replies.link.is_open()).toBe(true);
    expect(requests.link.max_message_size).toBeGreaterThan(1024);
  });
});

// Rules amqp-address, d2c-amqp, amqp-message.
describe("message links as the C client attaches them", () => {
  it("carry messages in both directions", async () => {
    const hub = await createTestHub();
    const peer = await hub.connectAmqpDevice();
    const base = `amqps://${HOST}/devices/device1/messages`;
    const { "com.microsoft:client-version": version } = linkProperties("twin");
    const properties = { "com.microsoft:client-version": version };
    const modes = { rcv_settle_mode: FIRST, max_message_size: 1_048_576, properties };
    const sender = await peer.openSender(`${base}/events`, {
      ...modes,
      source: { address: "device1-link-snd-1" },
    });
    const receiver = await peer.openReceiver(`${base}/devicebound`, {
      ...modes,
      target: { address: "device1-link-rcv-1" },
    });
    expect(await sender.send({ body: "x" })).toEqual({ type: "accepted" });
    await hub.send({ messageId: "m1" });
    const { message, delivery } = await receiver.next();
    expect(message).toMatchObject({
      message_id: "m1",
      to: "/devices/device1/messages/devicebound",
    });
    delivery.accept();
    expect(await hub.log.reached("settled")).toMatchObject({ outcome: "completed" });
  });
});

// Rule twin-minimal. The C client accepts no other type.
it("the status of a reply is encoded as an int", async () => {
  const peer = await RawAmqp.connect(await createTestHub(), "device");
  await peer.attachReceiver(2, TWIN);
  peer.grant(2, 1, { next_incoming_id: 1 });
  await peer.attachSender(3, TWIN);
  peer.transfer(3, 1, {
    correlation_id: "a",
    message_annotations: { operation: "GET" },
    body: " ",
  });
  const { payload = Buffer.alloc(0) } = await peer.until("transfer");
  const typeCode = payload[payload.indexOf("status") + "status".length];
  expect([0x71, 0x54]).toContain(typeCode);
});

describe("twins of several devices on one connection", () => {
  it("reply each on their own link", async () => {
    const { peer } = await connectTestService("device");
    const links = [];
    for (const deviceId of ["device1", "device2"]) {
      const address = `/devices/${deviceId}/twin`;
      const properties = linkProperties("twin");
      const requests = await peer.openSender(address, { properties });
      const replies = await peer.openReceiver(address, { properties, autoaccept: true });
      links.push({ deviceId, requests, replies });
    }
    for (const { deviceId, requests, replies } of links.reverse()) {
      const message_annotations = { operation: "GET" };
      requests.link.send({ correlation_id: deviceId, message_annotations, body: "" });
      expect((await replies.next()).message.correlation_id).toBe(deviceId);
    }
  });
});

// Rules device-credentials, sas-expiry.
describe.each([TWIN, METHODS])("the links to %s", (address) => {
  it("are refused to another device", async () => {
    const peer = await (await createTestHub()).connectAmqpDevice("device2");
    await expect(peer.openSender(address)).rejects.toMatchObject(UNAUTHORIZED);
    await expect(peer.openReceiver(address)).rejects.toMatchObject(UNAUTHORIZED);
  });

  it("close when the token expires, and the device is then disconnected", async () => {
    const hub = await createTestHub();
    const peer = await hub.connectAmqpDevice();
    const links = [(await peer.openSender(address)).link, (await peer.openReceiver(address)).link];
    const closed = [
      once(links[0] as never, "sender_close"),
      once(links[1] as never, "receiver_close"),
    ];
    hub.clock.advance(3_600_000);
    await Promise.all(closed);
    for (const { error } of links) expect(error).toMatchObject(UNAUTHORIZED);
    await hub.log.reached("deviceDisconnected");
  });
});
