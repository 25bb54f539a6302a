import { describe, expect, it } from "vitest";
import { toReceivedEvent } from "../../../src/client/events/received-event.ts";

const ENQUEUED = Date.parse("2026-01-31T12:00:00.123Z");

const PLACE = {
  "x-opt-sequence-number": 12,
  "x-opt-offset": "4711",
  "x-opt-enqueued-time": new Date(ENQUEUED),
};

describe("toReceivedEvent", () => {
  it("moves position and device out of the annotations, and keeps the rest", () => {
    const event = toReceivedEvent("3", {
      message_annotations: {
        ...PLACE,
        "iothub-connection-device-id": "device1",
        "iothub-enqueuedtime": new Date(ENQUEUED - 5),
        "iothub-message-source": "Telemetry",
      },
      body: { typecode: 0x75, content: Buffer.from("x") },
    });
    expect(event).toMatchObject({
      partitionId: "3",
      sequenceNumber: 12,
      offset: "4711",
      enqueuedTimeUtcMs: ENQUEUED,
      deviceId: "device1",
      annotations: {
        "iothub-enqueuedtime": "2026-01-31T12:00:00.118Z",
        "iothub-message-source": "Telemetry",
      },
    });
    expect(Object.keys(event.annotations)).toHaveLength(2);
  });

  it("omits missing properties", () => {
    const event = toReceivedEvent("0", { message_annotations: { "x-opt-sequence-number": 0 } });
    expect(event).toEqual({
      partitionId: "0",
      sequenceNumber: 0,
      system: {},
      properties: {},
      annotations: {},
      body: Buffer.alloc(0),
    });
  });

  it("keeps the bytes of a body, also with several sections", () => {
    const bytes = Buffer.from([0xff, 0x00, 0x7b]);
    const one = toReceivedEvent("0", { body: { typecode: 0x75, content: bytes } });
    const two = toReceivedEvent("0", { body: { typecode: 0x75, content: [bytes, bytes] } });
    expect(one.body).toEqual(bytes);
    expect(two.body).toEqual(Buffer.concat([bytes, bytes]));
  });

  it("converts uuid ids and binary user ids", () => {
    const { system } = toReceivedEvent("0", {
      message_id: Buffer.from("00112233445566778899aabbccddeeff", "hex"),
      correlation_id: "c",
      user_id: Buffer.from("me"),
    });
    expect(system).toEqual({
      messageId: "00112233-4455-6677-8899-aabbccddeeff",
      correlationId: "c",
      userId: "me",
    });
  });

  it("converts annotations of any type to JSON values", () => {
    const { annotations } = toReceivedEvent("0", {
      message_annotations: {
        bytes: Buffer.from("hi"),
        list: [new Date(0), 1],
        map: { at: new Date(0), yes: true },
        never: new Date(Number.NaN),
        none: null,
      },
    });
    expect(annotations).toEqual({
      bytes: "aGk=",
      list: ["1970-01-01T00:00:00.000Z", 1],
      map: { at: "1970-01-01T00:00:00.000Z", yes: true },
      never: null,
      none: null,
    });
    expect(JSON.parse(JSON.stringify(annotations))).toEqual(annotations);
  });
});
