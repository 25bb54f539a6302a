import rhea from "rhea";
import { describe, expect, it } from "vitest";
import { AZURE_DEFAULTS } from "../../../src/core/limits.ts";
import { partitionAddress, sendTelemetry } from "../../support/event-hub.ts";
import { RawAmqp } from "../../support/raw-amqp.ts";
import { createTestHub, type TestHub } from "../../support/test-hub.ts";

const DEVICEBOUND = "/devices/device1/messages/devicebound";
const FEEDBACK = "/messages/serviceBound/feedback";
const TWIN = "/devices/device1/twin";

/** rhea's types omit it. */
const { Reader } = rhea.types as unknown as {
  Reader: new (
    bytes: Buffer,
  ) => { remaining(): number; read(): { readonly descriptor: { readonly value: number } } };
};

const SECTIONS = new Map([
  [0x70, "header"],
  [0x71, "delivery-annotations"],
  [0x72, "message-annotations"],
  [0x73, "properties"],
  [0x74, "application-properties"],
  [0x75, "data"],
  [0x77, "amqp-value"],
]);

/** Signs in and attaches a link to receive on, with credit. */
async function receiveFrom(hub: TestHub, address: string, fields: object = {}): Promise<RawAmqp> {
  const peer = await RawAmqp.connect(hub);
  await peer.attachReceiver(2, address, fields);
  peer.grant(2, 10, { next_incoming_id: 1 });
  return peer;
}

/** The sections of the next message, by name. */
async function nextSections(peer: RawAmqp): Promise<(string | undefined)[]> {
  const { payload } = await peer.until("transfer");
  const reader = new Reader(payload ?? Buffer.alloc(0));
  const names = [];
  while (reader.remaining() > 0) names.push(SECTIONS.get(reader.read().descriptor.value));
  return names;
}

// Rule amqp-sections. Clients check for the section to find out whether there are properties.
describe("empty sections are omitted", () => {
  it("from an event without properties", async () => {
    const hub = await createTestHub();
    const partitionId = await sendTelemetry(hub, ["x"]);
    const peer = await receiveFrom(hub, partitionAddress(partitionId));
    expect(await nextSections(peer)).toEqual(["message-annotations", "data"]);
  });

  it("from an event with only a system or only an application property", async () => {
    const hub = await createTestHub();
    const partitionId = await sendTelemetry(hub, ["x"], { system: { messageId: "m1" } });
    await sendTelemetry(hub, ["x"], { properties: { k: "v" } });
    const peer = await receiveFrom(hub, partitionAddress(partitionId));
    expect(await nextSections(peer)).toEqual(["message-annotations", "properties", "data"]);
    expect(await nextSections(peer)).toEqual([
      "message-annotations",
      "application-properties",
      "data",
    ]);
  });

  it("from an event with the runtime metric", async () => {
    const hub = await createTestHub();
    const partitionId = await sendTelemetry(hub, ["x"]);
    const peer = await receiveFrom(hub, partitionAddress(partitionId), {
      desired_capabilities: "com.microsoft:enable-receiver-runtime-metric",
    });
    expect(await nextSections(peer)).toEqual([
      "delivery-annotations",
      "message-annotations",
      "data",
    ]);
  });

  it("from a message to a device, which always has `to`", async () => {
    const hub = await createTestHub();
    const peer = await receiveFrom(hub, DEVICEBOUND);
    await hub.send();
    expect(await nextSections(peer)).toEqual(["message-annotations", "properties", "data"]);
    await hub.send({ ack: "full" });
    expect(await nextSections(peer)).toEqual([
      "message-annotations",
      "properties",
      "application-properties",
      "data",
    ]);
  });

  it("from feedback", async () => {
    const hub = await createTestHub({
      settings: { feedback: { ...AZURE_DEFAULTS.feedback, intervalMs: 0 } },
    });
    const peer = await receiveFrom(hub, FEEDBACK);
    await hub.send({ ack: "full", messageId: "m1" });
    await hub.cloudToDevice.purge("device1");
    expect(await nextSections(peer)).toEqual(["message-annotations", "properties", "data"]);
  });

  it("from replies to requests without an id", async () => {
    const hub = await createTestHub();
    const peer = await receiveFrom(hub, TWIN);
    await peer.attachSender(3, TWIN);
    peer.transfer(3, 1, { message_annotations: { operation: "GET" }, body: " " });
    expect(await nextSections(peer)).toEqual(["message-annotations", "data"]);
    peer.grant(0, 1, { next_incoming_id: 2, delivery_count: 1 });
    peer.transfer(1, 2, { body: "no token" });
    expect(await nextSections(peer)).toEqual(["application-properties", "amqp-value"]);
  });
});
