import { describe, expect, it } from "vitest";
import { enqueueMessage } from "../../src/core/device-queue.ts";
import {
  AZURE_DEFAULTS,
  LOCAL_DEFAULTS,
  MAX_CLOUD_TO_DEVICE_BYTES,
} from "../../src/core/limits.ts";
import { type Message, messageSizeBytes, parseAck } from "../../src/core/message.ts";
import {
  deliverNext,
  EMPTY_QUEUE,
  type MessageQueue,
  settle,
} from "../../src/core/message-queue.ts";

const settings = { ...AZURE_DEFAULTS, queueDepth: 3 };
const NOW = 1_000_000;

function message(
  system: Message["system"] = {},
  { body = "", properties = {} }: { body?: string; properties?: Message["properties"] } = {},
): Message {
  return { system, properties, body: Buffer.from(body) };
}

function filled(count: number): MessageQueue<Message> {
  let queue: MessageQueue<Message> = EMPTY_QUEUE;
  for (let n = 0; n < count; n++) queue = enqueueMessage(queue, message(), settings, NOW).queue;
  return queue;
}

// Rule c2d-depth.
describe("depth", () => {
  it("refuses a message beyond the limit with DeviceMaximumQueueDepthExceeded", () => {
    expect(filled(3).entries).toHaveLength(3);
    expect(() => enqueueMessage(filled(3), message(), settings, NOW)).toThrowError(
      expect.objectContaining({ name: "DeviceMaximumQueueDepthExceeded" }),
    );
  });

  it("counts messages in flight", () => {
    const { queue } = deliverNext(filled(3), { token: "t", untilMs: NOW + 60 });
    expect(() => enqueueMessage(queue, message(), settings, NOW)).toThrow(/3 messages/);
  });

  it("has room again once one is settled or has expired", () => {
    const { queue } = deliverNext(filled(3), { token: "t", untilMs: NOW + 60 });
    const settled = settle(queue, "t", "complete", 10);
    if (settled.type === "lockLost") throw new Error("lock lost");
    expect(enqueueMessage(settled.queue, message(), settings, NOW).queue.entries).toHaveLength(3);
    const later = NOW + settings.defaultTtlMs;
    const step = enqueueMessage(filled(3), message(), settings, later);
    expect(step.queue.entries).toHaveLength(1);
    expect(step.transitions.map(({ type }) => type)).toEqual([
      "deadLettered",
      "deadLettered",
      "deadLettered",
      "enqueued",
    ]);
  });

  it("is 50 on Azure and on a local hub", () => {
    expect([AZURE_DEFAULTS.queueDepth, LOCAL_DEFAULTS.queueDepth]).toEqual([50, 50]);
  });
});

describe("expiry", () => {
  // Rule c2d-default-ttl.
  it("is the default time from now for a message without one", () => {
    const { queue } = enqueueMessage(EMPTY_QUEUE, message(), settings, NOW);
    expect(queue.entries[0]?.expiryTimeMs).toBe(NOW + settings.defaultTtlMs);
  });

  // Rule c2d-default-ttl.
  it("is in one hour by default, on Azure and on a local hub", () => {
    expect([AZURE_DEFAULTS.defaultTtlMs, LOCAL_DEFAULTS.defaultTtlMs]).toEqual([
      3_600_000, 3_600_000,
    ]);
  });

  // Rule c2d-expiry.
  it("is the message's own, whether before or after the default", () => {
    for (const expiryTimeUtcMs of [NOW + 1, NOW + settings.defaultTtlMs * 2]) {
      const { queue } = enqueueMessage(EMPTY_QUEUE, message({ expiryTimeUtcMs }), settings, NOW);
      expect(queue.entries[0]?.expiryTimeMs).toBe(expiryTimeUtcMs);
    }
  });

  it.each([NOW - 1, NOW, 0])(
    "in the past (%d) is accepted and expires at once (rule c2d-expiry-past)",
    (expiryTimeUtcMs) => {
      const step = enqueueMessage(EMPTY_QUEUE, message({ expiryTimeUtcMs }), settings, NOW);
      expect(step.queue.entries).toEqual([]);
      expect(step.transitions).toMatchObject([
        { type: "enqueued" },
        { type: "deadLettered", reason: "Expired" },
      ]);
    },
  );
});

// Rule c2d-size.
describe("size", () => {
  it.each([
    ["nothing for an empty message", message(), 0],
    ["the body", message({}, { body: "äb" }), 3],
    ["values of system properties, not their names", message({ messageId: "1234", to: "ü" }), 6],
    ["eight bytes for an expiry", message({ expiryTimeUtcMs: 1 }), 8],
    ["the ack", message({ ack: "full" }), 4],
    ["names and values of application properties", message({}, { properties: { ab: "cde" } }), 5],
    [
      "the name of an application property without a value",
      message({}, { properties: { ab: null } }),
      2,
    ],
  ])("counts %s", (_what, one, size) => {
    expect(messageSizeBytes(one)).toBe(size);
  });

  it("may be 64 KB in total, but not a byte more", () => {
    const full = "x".repeat(MAX_CLOUD_TO_DEVICE_BYTES - 4);
    const fits = message({ messageId: "id" }, { body: full, properties: { k: "v" } });
    expect(enqueueMessage(EMPTY_QUEUE, fits, settings, NOW).queue.entries).toHaveLength(1);
    const over = message({ messageId: "id2" }, { body: full, properties: { k: "v" } });
    expect(() => enqueueMessage(EMPTY_QUEUE, over, settings, NOW)).toThrowError(
      expect.objectContaining({ name: "MessageTooLarge" }),
    );
  });
});

describe("fields", () => {
  // Rule c2d-message-id.
  it.each(["a b", "ü€😀", '/\\"<>', "\0\n", ""])("a message id may be %j", (messageId) => {
    const { queue } = enqueueMessage(EMPTY_QUEUE, message({ messageId }), settings, NOW);
    expect(queue.entries[0]?.payload.system).toEqual({ messageId });
  });

  // Rule c2d-message-id.
  it("a message id may have 128 characters", () => {
    const of = (length: number) => message({ messageId: "x".repeat(length) });
    expect(enqueueMessage(EMPTY_QUEUE, of(128), settings, NOW).queue.entries).toHaveLength(1);
    expect(() => enqueueMessage(EMPTY_QUEUE, of(129), settings, NOW)).toThrowError(
      expect.objectContaining({ name: "ArgumentInvalid" }),
    );
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 8.64e15 + 1, -8.64e15 - 1])(
    "an expiry time beyond the range of Date (%d) is refused with ArgumentInvalid",
    (expiryTimeUtcMs) => {
      expect(() =>
        enqueueMessage(EMPTY_QUEUE, message({ expiryTimeUtcMs }), settings, NOW),
      ).toThrowError(expect.objectContaining({ name: "ArgumentInvalid" }));
    },
  );

  it.each([
    ["none", "none"],
    ["Positive", "positive"],
    ["NEGATIVE", "negative"],
    ["full", "full"],
  ])("iothub-ack %s is %s", (text, ack) => {
    expect(parseAck(text)).toBe(ack);
  });

  it.each(["", "all", "full ", "constructor"])("iothub-ack %o is ArgumentInvalid", (text) => {
    expect(() => parseAck(text)).toThrowError(expect.objectContaining({ name: "ArgumentInvalid" }));
  });
});
