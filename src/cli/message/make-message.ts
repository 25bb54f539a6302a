/** One message of a run, its placeholders filled in. */

import { randomBytes, randomUUID } from "node:crypto";
import type { Message } from "../../core/message.ts";
import { fillTemplate, makeWindSpeed, type TemplateValues } from "../text/templates.ts";
import type { BodyPlan, MessagePlan } from "./message-plan.ts";

/** What differs from message to message. */
export interface MessageInstance {
  /** 0-based, counting over all devices. */
  readonly n: number;
  readonly deviceId: string;
  /** 8 hex digits, the same for a whole run. */
  readonly run: string;
  readonly nowMs: number;
}

/** 8 hex digits, new each run. */
export function makeRunId(): string {
  return randomBytes(4).toString("hex");
}

export function makeMessage(plan: MessagePlan, instance: MessageInstance): Message {
  const values = templateValues(instance);
  const fill = (text: string): string => (plan.isTemplate ? fillTemplate(text, values) : text);
  const { userId, contentType, contentEncoding } = plan;
  return {
    system: {
      messageId: fill(plan.messageId),
      correlationId: fill(plan.correlationId),
      ...(userId !== undefined && { userId: fill(userId) }),
      ...(contentType !== undefined && { contentType }),
      ...(contentEncoding !== undefined && { contentEncoding }),
    },
    properties: Object.fromEntries(
      Object.entries(plan.properties).map(([name, value]) => [name, fill(value)]),
    ),
    body: fillBody(plan.body, values),
  };
}

function fillBody(body: BodyPlan, values: TemplateValues): Uint8Array {
  if (body.type === "bytes") return body.bytes;
  return Buffer.from(body.isTemplate ? fillTemplate(body.text, values) : body.text);
}

function templateValues({ n, deviceId, run, nowMs }: MessageInstance): TemplateValues {
  return {
    n,
    deviceId,
    run,
    uuid: randomUUID(),
    iso: new Date(nowMs).toISOString(),
    epochMs: nowMs,
    windSpeed: makeWindSpeed(Math.random),
  };
}
