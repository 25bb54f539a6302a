import { expect } from "vitest";
import type { DeviceSession } from "../driver.ts";
import type { Fixture, MessageFields } from "../fixture.ts";
import type { AckWord } from "../service-client.ts";
import type { DefineRule } from "./rule.ts";

const ACKS: readonly AckWord[] = ["none", "positive", "negative", "full"];

type Settle = (session: DeviceSession) => Promise<void>;

export function feedbackRules(rule: DefineRule): void {
  rule("a completion is reported for ack positive and full", {}, async (fixture) => {
    expect(await feedbackByAck(fixture, completeNext)).toEqual([[], ["Success"], [], ["Success"]]);
  });

  rule(
    "a rejection is reported for ack negative and full",
    { can: ["canReject"] },
    async (fixture) => {
      const rejectNext: Settle = async (session) => session.reject(await session.receive());
      expect(await feedbackByAck(fixture, rejectNext)).toEqual([
        [],
        [],
        ["Rejected"],
        ["Rejected"],
      ]);
    },
  );

  rule("an expiry is reported for ack negative and full", {}, async (fixture) => {
    const expiryTimeUtcMs = fixture.nowMs() - 60_000;
    const nothing: Settle = () => Promise.resolve();
    const statuses = await feedbackByAck(fixture, nothing, { expiryTimeUtcMs });
    expect(statuses).toEqual([[], [], ["Expired"], ["Expired"]]);
  });

  rule("a purge is reported for ack negative and full", {}, async (fixture) => {
    const sent = [];
    for (const ack of ACKS) sent.push(await fixture.send({ ack }));
    await fixture.hub.registry.purge(fixture.deviceId);
    await fixture.feedbackOf(await completeOne(fixture, await fixture.connect()));
    expect(statusesOf(fixture, sent)).toEqual([[], [], ["Purged"], ["Purged"]]);
  });

  rule(
    "a record has the message id, the device's generation, and the outcome with its description",
    {},
    async (fixture) => {
      const { generationId } = await fixture.hub.registry.get(fixture.deviceId);
      const messageId = await completeOne(fixture, await fixture.connect());
      expect(await fixture.feedbackOf(messageId)).toMatchObject({
        originalMessageId: messageId,
        deviceId: fixture.deviceId,
        deviceGenerationId: generationId,
        statusCode: "Success",
        description: "Success",
      });
    },
  );

  rule(
    "a record has the time of the outcome, not of the message",
    { isLocal: true },
    async (fixture) => {
      const messageId = await fixture.send({ ack: "full" });
      fixture.pass(5000);
      const session = await fixture.connect();
      await completeNext(session);
      const record = await fixture.feedbackOf(messageId);
      expect(Date.parse(record.enqueuedTimeUtc)).toBe(fixture.nowMs());
    },
  );

  rule(
    "records wait for the feedback interval",
    { isLocal: true, hub: { feedbackIntervalMs: 1000 } },
    async (fixture) => {
      const messageId = await completeOne(fixture, await fixture.connect());
      await fixture.countReached(0);
      fixture.pass(999);
      // On the same connection: an early batch would have arrived before this outcome.
      await fixture.send();
      expect(fixture.hub.service.feedback.of(messageId)).toEqual([]);
      fixture.pass(1);
      await fixture.feedbackOf(messageId);
    },
  );
}

const completeNext: Settle = async (session) => session.complete(await session.receive());

/** The statuses reported for each ack, for messages settled this way. */
async function feedbackByAck(fixture: Fixture, settle: Settle, fields: MessageFields = {}) {
  const session = await fixture.connect();
  const sent = [];
  for (const ack of ACKS) {
    sent.push(await fixture.send({ ...fields, ack }));
    await settle(session);
  }
  await fixture.feedbackOf(await completeOne(fixture, session));
  return statusesOf(fixture, sent);
}

/** Completes a message, whose record arrives after all earlier ones. */
async function completeOne(fixture: Fixture, session: DeviceSession): Promise<string> {
  const messageId = await fixture.send({ ack: "full" });
  await completeNext(session);
  return messageId;
}

function statusesOf(fixture: Fixture, sent: readonly string[]): string[][] {
  const { feedback } = fixture.hub.service;
  return sent.map((messageId) => feedback.of(messageId).map(({ statusCode }) => statusCode));
}
