import { expect } from "vitest";
import type { DefineRule } from "./rule.ts";

const MINUTE_MS = 60_000;

export function expiryRules(rule: DefineRule): void {
  rule(
    "a message expires at its expiry time, even if no device is connected",
    { isLocal: true },
    async (fixture) => {
      const expiryTimeUtcMs = fixture.nowMs() + MINUTE_MS;
      const messageId = await fixture.send({ ack: "full", expiryTimeUtcMs });
      const other = await fixture.send();
      fixture.pass(MINUTE_MS);
      const record = await fixture.feedbackOf(messageId);
      expect(record.statusCode).toBe("Expired");
      expect(Date.parse(record.enqueuedTimeUtc)).toBe(expiryTimeUtcMs);
      const session = await fixture.connect();
      expect((await session.receive()).messageId).toBe(other);
    },
  );

  rule("a message is delivered until its expiry time", { isLocal: true }, async (fixture) => {
    const expiryTimeUtcMs = fixture.nowMs() + MINUTE_MS;
    const messageId = await fixture.send({ expiryTimeUtcMs });
    fixture.pass(MINUTE_MS - 1);
    const session = await fixture.connect();
    expect((await session.receive()).messageId).toBe(messageId);
  });

  rule(
    "a message without an expiry time expires after the hub's default time to live",
    { isLocal: true, hub: { defaultTtlMs: 10 * MINUTE_MS } },
    async (fixture) => {
      const messageId = await fixture.send({ ack: "full" });
      fixture.pass(10 * MINUTE_MS - 1);
      await fixture.countReached(1);
      fixture.pass(1);
      expect((await fixture.feedbackOf(messageId)).statusCode).toBe("Expired");
      await fixture.countReached(0);
    },
  );

  rule(
    "a message in flight expires, and a later settlement has no effect",
    { can: ["canHold"], isLocal: true },
    async (fixture) => {
      const session = await fixture.connect();
      const expiryTimeUtcMs = fixture.nowMs() + MINUTE_MS / 2;
      const messageId = await fixture.send({ ack: "full", expiryTimeUtcMs });
      const held = await session.receive();
      fixture.pass(MINUTE_MS / 2);
      expect((await fixture.feedbackOf(messageId)).statusCode).toBe("Expired");
      await session.complete(held).catch(() => "refused, where the protocol can say so");
      const marker = await fixture.send({ ack: "full" });
      await session.complete(await session.receive());
      await fixture.feedbackOf(marker);
      expect(fixture.hub.service.feedback.of(messageId)).toHaveLength(1);
    },
  );

  rule(
    "a message whose expiry time has passed is accepted and expires at once",
    {},
    async (fixture) => {
      const session = await fixture.connect();
      const expiryTimeUtcMs = fixture.nowMs() - MINUTE_MS;
      const late = await fixture.send({ ack: "full", expiryTimeUtcMs });
      const next = await fixture.send();
      expect((await fixture.feedbackOf(late)).statusCode).toBe("Expired");
      expect((await session.receive()).messageId).toBe(next);
    },
  );
}
