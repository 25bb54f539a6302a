import { expect } from "vitest";
import type { DefineRule } from "./rule.ts";

const MINUTE_MS = 60_000;

export function expiryRules(rule: DefineRule): void {
  rule(
    "a message expires at its own time, though nobody is connected",
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

  rule("a message lives until its time has come", { isLocal: true }, async (fixture) => {
    const expiryTimeUtcMs = fixture.nowMs() + MINUTE_MS;
    const messageId = await fixture.send({ expiryTimeUtcMs });
    fixture.pass(MINUTE_MS - 1);
    const session = await fixture.connect();
    expect((await session.receive()).messageId).toBe(messageId);
  });

  rule(
    "a message without a time of its own lives for the hub's default",
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
    "a message expires in the hands of a device, and its settlement comes too late",
    { can: ["canHold"], isLocal: true },
    async (fixture) => {
      const session = await fixture.connect();
      const expiryTimeUtcMs = fixture.nowMs() + MINUTE_MS / 2;
      const messageId = await fixture.send({ ack: "full", expiryTimeUtcMs });
      const held = await session.receive();
      fixture.pass(MINUTE_MS / 2);
      expect((await fixture.feedbackOf(messageId)).statusCode).toBe("Expired");
      await session.complete(held).catch(() => "a protocol that answers says that it was too late");
      const marker = await fixture.send({ ack: "full" });
      await session.complete(await session.receive());
      await fixture.feedbackOf(marker);
      expect(fixture.hub.service.feedback.of(messageId)).toHaveLength(1);
    },
  );

  rule(
    "a message that is too late already is accepted and expires at once",
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
