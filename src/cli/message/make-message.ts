import { randomBytes, randomUUID } from "node:crypto";
import type { Message } from "../../core/message.ts";
import { fillPlaceholders, makeWindSpeed, type PlaceholderValues } from "../text/placeholders.ts";
import type { BodyPlan, MessagePlan } from "./message-plan.ts";

export interface MessageInstance {
  /** 0-based, counting over all devices. */
  readonly n: number;
  readonly deviceId: string;
  /** 8 hex digits, the same for a whole run. */
  readonly run: string;
  readonly nowMs: number;
}

export function makeRunId(): string {
  return randomBytes(4).toString("hex");
}

export function makeMessage(plan: MessagePlan, instance: MessageInstance): Message {
  const values = new InstanceValues(instance);
  const fill = (text: string): string => (plan.isTemplate ? fillPlaceholders(text, values) : text);
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

function fillBody(body: BodyPlan, values: PlaceholderValues): Uint8Array {
  if (body.type === "bytes") return body.bytes;
  return Buffer.from(body.isTemplate ? fillPlaceholders(body.text, values) : body.text);
}

/** What takes time to make is made only where it is asked for, and once. */
class InstanceValues implements PlaceholderValues {
  readonly n: number;
  readonly deviceId: string;
  readonly run: string;
  readonly epochMs: number;
  #uuid: string | undefined;
  #windSpeed: string | undefined;

  constructor({ n, deviceId, run, nowMs }: MessageInstance) {
    this.n = n;
    this.deviceId = deviceId;
    this.run = run;
    this.epochMs = nowMs;
  }

  get uuid(): string {
    this.#uuid ??= randomUUID();
    return this.#uuid;
  }

  get iso(): string {
    return new Date(this.epochMs).toISOString();
  }

  get windSpeed(): string {
    this.#windSpeed ??= makeWindSpeed(Math.random);
    return this.#windSpeed;
  }
}
