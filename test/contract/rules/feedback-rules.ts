import { expect } from "vitest";
import type { DeviceSession } from "../driver.ts";
import type { AckWord } from "../service-client.ts";
import type { MessageFields, Stage } from "../stage.ts";
import type { DefineRule } from "./rule.ts";

const ACKS: readonly AckWord[] = ["none", "positive", "negative", "full"];

type Settle = (session: DeviceSession) => Promise<void>;

export function feedbackRules(rule: DefineRule): void {
  rule("a completion is told to those who want success: positive and full", {}, async (stage) => {
    expect(await tellingOf(stage, completeNext)).toEqual([[], ["Success"], [], ["Success"]]);
  });

  rule(
    "a rejection is told to those who want failure: negative and full",
    { can: ["canReject"] },
    async (stage) => {
      const rejectNext: Settle = async (session) => session.reject(await session.receive());
      expect(await tellingOf(stage, rejectNext)).toEqual([[], [], ["Rejected"], ["Rejected"]]);
    },
  );

  rule("an expiry is told to those who want failure: negative and full", {}, async (stage) => {
    const expiryTimeUtcMs = stage.nowMs() - 60_000;
    const nothing: Settle = () => Promise.resolve();
    const told = await tellingOf(stage, nothing, { expiryTimeUtcMs });
    expect(told).toEqual([[], [], ["Expired"], ["Expired"]]);
  });

  rule("a purge is told to those who want failure: negative and full", {}, async (stage) => {
    const sent = [];
    for (const ack of ACKS) sent.push(await stage.send({ ack }));
    await stage.hub.registry.purge(stage.deviceId);
    await stage.feedbackOf(await completeOne(stage, await stage.connect()));
    expect(statusesOf(stage, sent)).toEqual([[], [], ["Purged"], ["Purged"]]);
  });

  rule(
    "a record names the message, the device as it was, and the outcome twice",
    {},
    async (stage) => {
      const { generationId } = await stage.hub.registry.get(stage.deviceId);
      const messageId = await completeOne(stage, await stage.connect());
      expect(await stage.feedbackOf(messageId)).toMatchObject({
        originalMessageId: messageId,
        deviceId: stage.deviceId,
        deviceGenerationId: generationId,
        statusCode: "Success",
        description: "Success",
      });
    },
  );

  rule(
    "a record has the time of the outcome, not of the sending",
    { isLocal: true },
    async (stage) => {
      const messageId = await stage.send({ ack: "full" });
      stage.pass(5000);
      const session = await stage.connect();
      await completeNext(session);
      const record = await stage.feedbackOf(messageId);
      expect(Date.parse(record.enqueuedTimeUtc)).toBe(stage.nowMs());
    },
  );

  rule(
    "records wait for the feedback interval",
    { isLocal: true, hub: { feedbackIntervalMs: 1000 } },
    async (stage) => {
      const messageId = await completeOne(stage, await stage.connect());
      await stage.countReached(0);
      stage.pass(999);
      // On the same connection: a batch sent before this answer would have arrived before it.
      await stage.send();
      expect(stage.hub.service.feedback.of(messageId)).toEqual([]);
      stage.pass(1);
      await stage.feedbackOf(messageId);
    },
  );
}

const completeNext: Settle = async (session) => session.complete(await session.receive());

/** What the sender of each kind of ack is told of messages that ended this way. */
async function tellingOf(stage: Stage, settle: Settle, fields: MessageFields = {}) {
  const session = await stage.connect();
  const sent = [];
  for (const ack of ACKS) {
    sent.push(await stage.send({ ...fields, ack }));
    await settle(session);
  }
  await stage.feedbackOf(await completeOne(stage, session));
  return statusesOf(stage, sent);
}

/** A message whose record comes after those of all before it. */
async function completeOne(stage: Stage, session: DeviceSession): Promise<string> {
  const messageId = await stage.send({ ack: "full" });
  await completeNext(session);
  return messageId;
}

function statusesOf(stage: Stage, sent: readonly string[]): string[][] {
  const { feedback } = stage.hub.service;
  return sent.map((messageId) => feedback.of(messageId).map(({ statusCode }) => statusCode));
}
