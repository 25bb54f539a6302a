import { expect } from "vitest";
import type { DeviceSession } from "../driver.ts";
import type { DefineRule } from "./rule.ts";

const LOCK_TIMEOUT_MS = 60_000;
const MAX_DELIVERY_COUNT = 10;

export function settlementRules(rule: DefineRule): void {
  rule("messages are delivered in the order they were sent", {}, async (fixture) => {
    const sent = [await fixture.send(), await fixture.send()];
    const session = await fixture.connect();
    sent.push(await fixture.send(), await fixture.send());
    const received = [];
    for (const _ of sent) {
      const message = await session.receive();
      received.push(message.messageId);
      await session.complete(message);
    }
    expect(received).toEqual(sent);
  });

  rule(
    "a first delivery has delivery count 0 and is not marked as redelivered",
    {},
    async (fixture) => {
      const session = await fixture.connect();
      await fixture.send();
      const message = await session.receive();
      expect(message.deliveryCount ?? 0).toBe(0);
      expect(message.isMarkedRedelivered ?? false).toBe(false);
    },
  );

  rule("a completed message is removed and reported as Success", {}, async (fixture) => {
    const session = await fixture.connect();
    const done = await fixture.send({ ack: "full" });
    const next = await fixture.send();
    await session.complete(await session.receive());
    expect((await fixture.feedbackOf(done)).statusCode).toBe("Success");
    expect((await session.receive()).messageId).toBe(next);
  });

  rule(
    "a rejected message is removed and reported as Rejected",
    { can: ["canReject"] },
    async (fixture) => {
      const session = await fixture.connect();
      const refused = await fixture.send({ ack: "full" });
      const next = await fixture.send();
      await session.reject(await session.receive());
      expect((await fixture.feedbackOf(refused)).statusCode).toBe("Rejected");
      expect((await session.receive()).messageId).toBe(next);
    },
  );

  rule(
    "an abandoned message is redelivered with a higher delivery count",
    { can: ["canAbandon"] },
    async (fixture) => {
      const [first, second] = [await fixture.send(), await fixture.send()];
      const session = await fixture.connect();
      await session.abandon(await session.receive());
      const seen = [await receiveCounted(session), await receiveCounted(session)];
      expect(seen).toContainEqual({ messageId: first, deliveryCount: 1 });
      expect(seen).toContainEqual({ messageId: second, deliveryCount: 0 });
    },
  );

  rule(
    "an abandoned message returns to the head of a polling device's queue",
    { can: ["canAbandon", "isPolling"] },
    async (fixture) => {
      const first = await fixture.send();
      await fixture.send();
      const session = await fixture.connect();
      await session.abandon(await session.receive());
      expect((await session.receive()).messageId).toBe(first);
    },
  );

  rule(
    `a message abandoned ${MAX_DELIVERY_COUNT} times is reported as DeliveryCountExceeded`,
    { can: ["canAbandon"] },
    async (fixture) => {
      const session = await fixture.connect();
      const messageId = await fixture.send({ ack: "full" });
      for (let count = 0; count < MAX_DELIVERY_COUNT; count++) {
        const message = await session.receive();
        expect(message.deliveryCount).toBe(count);
        await session.abandon(message);
      }
      expect((await fixture.feedbackOf(messageId)).statusCode).toBe("DeliveryCountExceeded");
      const next = await fixture.send();
      expect((await session.receive()).messageId).toBe(next);
    },
  );

  rule(
    "messages of a lost connection are redelivered in order, uncounted, and marked if the protocol can",
    { can: ["canHold", "hasConnection"] },
    async (fixture) => {
      const sent = [await fixture.send(), await fixture.send(), await fixture.send()];
      const lost = await fixture.connect();
      await lost.complete(await lost.receive());
      await lost.receive();
      await fixture.countReached(2);
      await lost.drop();
      const session = await fixture.connect();
      const second = await session.receive();
      const third = await session.receive();
      expect([second.messageId, third.messageId]).toEqual(sent.slice(1));
      expect(second.deliveryCount ?? 0).toBe(0);
      expect(second.isMarkedRedelivered ?? true).toBe(true);
    },
  );

  rule(
    "a message whose lock expired is redelivered uncounted, and marked if the protocol can",
    { can: ["canHold"], isLocal: true },
    async (fixture) => {
      const session = await fixture.connect();
      const messageId = await fixture.send();
      await session.receive();
      fixture.pass(LOCK_TIMEOUT_MS);
      const again = await session.receive();
      expect(again.messageId).toBe(messageId);
      expect(again.deliveryCount ?? 0).toBe(0);
      expect(again.isMarkedRedelivered ?? true).toBe(true);
    },
  );

  rule("a lock holds until it expires", { can: ["canHold"], isLocal: true }, async (fixture) => {
    const session = await fixture.connect();
    await fixture.send();
    await session.receive();
    fixture.pass(LOCK_TIMEOUT_MS - 1);
    const next = await fixture.send();
    expect((await session.receive()).messageId).toBe(next);
  });

  rule(
    "a settlement after its lock expired has no effect",
    { can: ["canHold"], isLocal: true },
    async (fixture) => {
      const session = await fixture.connect();
      const messageId = await fixture.send({ ack: "full" });
      const late = await session.receive();
      fixture.pass(LOCK_TIMEOUT_MS);
      const again = await session.receive();
      await session.complete(late).catch(() => "refused, where the protocol can say so");
      // The hub has handled the late settlement once it has handled this one.
      const marker = await fixture.send({ ack: "full" });
      await session.complete(await session.receive());
      await fixture.feedbackOf(marker);
      expect(fixture.hub.service.feedback.of(messageId)).toEqual([]);
      await session.complete(again);
      expect((await fixture.feedbackOf(messageId)).statusCode).toBe("Success");
    },
  );
}

async function receiveCounted(session: DeviceSession) {
  const { messageId, deliveryCount } = await session.receive();
  return { messageId, deliveryCount };
}
