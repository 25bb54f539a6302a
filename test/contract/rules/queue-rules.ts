import { randomBytes, randomUUID } from "node:crypto";
import { expect } from "vitest";
import type { Fixture } from "../fixture.ts";
import type { DefineRule } from "./rule.ts";

const QUEUE_DEPTH = 50;
const MAX_BYTES = 64 * 1024;
/** Room for the properties of a message, which count too. */
const SLACK_BYTES = 1024;

export function queueRules(rule: DefineRule): void {
  rule(
    `a device can have ${QUEUE_DEPTH} messages, including those in flight`,
    { can: ["canHold"] },
    async (fixture) => {
      const session = await fixture.connect();
      await fixture.send();
      await fixture.send();
      const held = await session.receive();
      await session.receive();
      await fill(fixture, QUEUE_DEPTH - 2);
      expect(await fixture.trySend()).toBe("amqp:resource-limit-exceeded");
      await session.complete(held);
      await fixture.countReached(QUEUE_DEPTH - 1);
      expect(await fixture.trySend()).toBe("accepted");
      expect(await fixture.trySend()).toBe("amqp:resource-limit-exceeded");
    },
  );

  rule(
    "a full queue accepts messages again once the device has completed its messages",
    {},
    async (fixture) => {
      await fill(fixture, QUEUE_DEPTH);
      expect(await fixture.trySend()).toBe("amqp:resource-limit-exceeded");
      const session = await fixture.connect();
      for (let taken = 0; taken < QUEUE_DEPTH; taken++) {
        await session.complete(await session.receive());
      }
      await fixture.countReached(0);
      expect(await fixture.trySend()).toBe("accepted");
    },
  );

  rule("a purge removes queued messages, which are reported as Purged", {}, async (fixture) => {
    const sent = [await fixture.send({ ack: "full" }), await fixture.send({ ack: "full" })];
    expect(await fixture.hub.registry.purge(fixture.deviceId)).toBe(2);
    for (const messageId of sent) {
      expect((await fixture.feedbackOf(messageId)).statusCode).toBe("Purged");
    }
    const next = await fixture.send();
    const session = await fixture.connect();
    expect((await session.receive()).messageId).toBe(next);
  });

  rule("a purge removes messages in flight too", { can: ["canHold"] }, async (fixture) => {
    const session = await fixture.connect();
    const messageId = await fixture.send({ ack: "full" });
    const held = await session.receive();
    expect(await fixture.hub.registry.purge(fixture.deviceId)).toBe(1);
    expect((await fixture.feedbackOf(messageId)).statusCode).toBe("Purged");
    await session.complete(held).catch(() => "refused, where the protocol can say so");
    const marker = await fixture.send({ ack: "full" });
    await session.complete(await session.receive());
    await fixture.feedbackOf(marker);
    expect(fixture.hub.service.feedback.of(messageId)).toHaveLength(1);
  });

  rule("a message just within the size limit is delivered whole", {}, async (fixture) => {
    const body = randomBytes(MAX_BYTES - SLACK_BYTES);
    await fixture.send({ body });
    const session = await fixture.connect();
    expect((await session.receive()).body.equals(body)).toBe(true);
  });

  rule("a message over the size limit is refused and not queued", {}, async (fixture) => {
    const tooLarge = { body: Buffer.alloc(MAX_BYTES + 1) };
    expect(await fixture.trySend(tooLarge)).toBe("amqp:link:message-size-exceeded");
    const next = await fixture.send();
    const session = await fixture.connect();
    expect((await session.receive()).messageId).toBe(next);
  });

  rule("a message to an unknown device is refused", {}, async (fixture) => {
    expect(await fixture.trySend({}, `missing-${randomUUID()}`)).toBe("amqp:not-found");
  });

  rule(
    "one device does not receive the messages of another",
    { isLocal: true },
    async (fixture) => {
      const other = await fixture.hub.registry.create("other");
      await fixture.trySend({}, other.deviceId);
      const session = await fixture.connect();
      const own = await fixture.send();
      expect((await session.receive()).messageId).toBe(own);
    },
  );
}

async function fill(fixture: Fixture, count: number): Promise<void> {
  const outcomes = await Promise.all(Array.from({ length: count }, () => fixture.trySend()));
  expect(outcomes).toEqual(outcomes.map(() => "accepted"));
}
