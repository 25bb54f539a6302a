import { randomBytes, randomUUID } from "node:crypto";
import { expect } from "vitest";
import type { Stage } from "../stage.ts";
import type { DefineRule } from "./rule.ts";

const QUEUE_DEPTH = 50;
const MAX_BYTES = 64 * 1024;
/** Room for what the properties of a message count for. */
const SLACK_BYTES = 1024;

export function queueRules(rule: DefineRule): void {
  rule(
    `a device has room for ${QUEUE_DEPTH} messages, those in its hands included`,
    { can: ["canHold"] },
    async (stage) => {
      const session = await stage.connect();
      await stage.send();
      await stage.send();
      const held = await session.receive();
      await session.receive();
      await fill(stage, QUEUE_DEPTH - 2);
      expect(await stage.trySend()).toBe("amqp:resource-limit-exceeded");
      await session.complete(held);
      await stage.countReached(QUEUE_DEPTH - 1);
      expect(await stage.trySend()).toBe("accepted");
      expect(await stage.trySend()).toBe("amqp:resource-limit-exceeded");
    },
  );

  rule("a full queue has room again once the device has taken what waited", {}, async (stage) => {
    await fill(stage, QUEUE_DEPTH);
    expect(await stage.trySend()).toBe("amqp:resource-limit-exceeded");
    const session = await stage.connect();
    for (let taken = 0; taken < QUEUE_DEPTH; taken++) {
      await session.complete(await session.receive());
    }
    await stage.countReached(0);
    expect(await stage.trySend()).toBe("accepted");
  });

  rule("a purge takes what waits, and the senders hear Purged", {}, async (stage) => {
    const sent = [await stage.send({ ack: "full" }), await stage.send({ ack: "full" })];
    expect(await stage.hub.registry.purge(stage.deviceId)).toBe(2);
    for (const messageId of sent) {
      expect((await stage.feedbackOf(messageId)).statusCode).toBe("Purged");
    }
    const next = await stage.send();
    const session = await stage.connect();
    expect((await session.receive()).messageId).toBe(next);
  });

  rule("a purge takes also what a device has in its hands", { can: ["canHold"] }, async (stage) => {
    const session = await stage.connect();
    const messageId = await stage.send({ ack: "full" });
    const held = await session.receive();
    expect(await stage.hub.registry.purge(stage.deviceId)).toBe(1);
    expect((await stage.feedbackOf(messageId)).statusCode).toBe("Purged");
    await session.complete(held).catch(() => "a protocol that answers says that it was too late");
    const marker = await stage.send({ ack: "full" });
    await session.complete(await session.receive());
    await stage.feedbackOf(marker);
    expect(stage.hub.service.feedback.of(messageId)).toHaveLength(1);
  });

  rule("a message just within the size limit arrives whole", {}, async (stage) => {
    const body = randomBytes(MAX_BYTES - SLACK_BYTES);
    await stage.send({ body });
    const session = await stage.connect();
    expect((await session.receive()).body.equals(body)).toBe(true);
  });

  rule("a message over the size limit is refused and takes no room", {}, async (stage) => {
    const tooLarge = { body: Buffer.alloc(MAX_BYTES + 1) };
    expect(await stage.trySend(tooLarge)).toBe("amqp:link:message-size-exceeded");
    const next = await stage.send();
    const session = await stage.connect();
    expect((await session.receive()).messageId).toBe(next);
  });

  rule("a message for a device that the hub does not have is refused", {}, async (stage) => {
    expect(await stage.trySend({}, `missing-${randomUUID()}`)).toBe("amqp:not-found");
  });

  rule("one device does not receive the messages of another", { isLocal: true }, async (stage) => {
    const other = await stage.hub.registry.create("other");
    await stage.trySend({}, other.deviceId);
    const session = await stage.connect();
    const own = await stage.send();
    expect((await session.receive()).messageId).toBe(own);
  });
}

async function fill(stage: Stage, count: number): Promise<void> {
  const outcomes = await Promise.all(Array.from({ length: count }, () => stage.trySend()));
  expect(outcomes).toEqual(outcomes.map(() => "accepted"));
}
