import { expect } from "vitest";
import type { DefineRule } from "./rule.ts";

const MINUTE_MS = 60_000;

export function expiryRules(rule: DefineRule): void {
  rule(
    "a message expires at its own time, though nobody is connected",
    { isLocal: true },
    async (stage) => {
      const expiryTimeUtcMs = stage.nowMs() + MINUTE_MS;
      const messageId = await stage.send({ ack: "full", expiryTimeUtcMs });
      const other = await stage.send();
      stage.pass(MINUTE_MS);
      const record = await stage.feedbackOf(messageId);
      expect(record.statusCode).toBe("Expired");
      expect(Date.parse(record.enqueuedTimeUtc)).toBe(expiryTimeUtcMs);
      const session = await stage.connect();
      expect((await session.receive()).messageId).toBe(other);
    },
  );

  rule("a message lives until its time has come", { isLocal: true }, async (stage) => {
    const expiryTimeUtcMs = stage.nowMs() + MINUTE_MS;
    const messageId = await stage.send({ expiryTimeUtcMs });
    stage.pass(MINUTE_MS - 1);
    const session = await stage.connect();
    expect((await session.receive()).messageId).toBe(messageId);
  });

  rule(
    "a message without a time of its own lives for the hub's default",
    { isLocal: true, hub: { defaultTtlMs: 10 * MINUTE_MS } },
    async (stage) => {
      const messageId = await stage.send({ ack: "full" });
      stage.pass(10 * MINUTE_MS - 1);
      await stage.countReached(1);
      stage.pass(1);
      expect((await stage.feedbackOf(messageId)).statusCode).toBe("Expired");
      await stage.countReached(0);
    },
  );

  rule(
    "a message expires in the hands of a device, and its settlement comes too late",
    { can: ["canHold"], isLocal: true },
    async (stage) => {
      const session = await stage.connect();
      const expiryTimeUtcMs = stage.nowMs() + MINUTE_MS / 2;
      const messageId = await stage.send({ ack: "full", expiryTimeUtcMs });
      const held = await session.receive();
      stage.pass(MINUTE_MS / 2);
      expect((await stage.feedbackOf(messageId)).statusCode).toBe("Expired");
      await session.complete(held).catch(() => "a protocol that answers says that it was too late");
      const marker = await stage.send({ ack: "full" });
      await session.complete(await session.receive());
      await stage.feedbackOf(marker);
      expect(stage.hub.service.feedback.of(messageId)).toHaveLength(1);
    },
  );

  rule("a message that is too late already is accepted and expires at once", {}, async (stage) => {
    const session = await stage.connect();
    const expiryTimeUtcMs = stage.nowMs() - MINUTE_MS;
    const late = await stage.send({ ack: "full", expiryTimeUtcMs });
    const next = await stage.send();
    expect((await stage.feedbackOf(late)).statusCode).toBe("Expired");
    expect((await session.receive()).messageId).toBe(next);
  });
}
