import { randomBytes, randomUUID } from "node:crypto";
import { formatUtc } from "../../core/encodings.ts";
import { type Message, setProperty } from "../../core/message.ts";
import { compileTemplate, makeWindSpeed, type PlaceholderValues } from "../text/placeholders.ts";
import type { Template } from "../text/template.ts";
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

/** @param body Instead of the plan's. */
export type MessageMaker = (instance: MessageInstance, body?: BodyPlan) => Message;

/** Makes the messages of a run: its texts are parsed once. */
export function messageMaker(plan: MessagePlan): MessageMaker {
  const template = (text: string): Template<PlaceholderValues> =>
    plan.isTemplate ? compileTemplate(text) : () => text;
  const { contentType, contentEncoding } = plan;
  const messageId = template(plan.messageId);
  const correlationId = template(plan.correlationId);
  const userId = plan.userId === undefined ? undefined : template(plan.userId);
  const properties = Object.entries(plan.properties).map(
    ([name, value]) => [name, template(value)] as const,
  );
  const plannedBody = bodyMaker(plan.body);
  return (instance, ownBody) => {
    const body = ownBody === undefined ? plannedBody : bodyMaker(ownBody);
    const values = new InstanceValues(instance);
    const filled: Record<string, string> = {};
    for (const [name, fill] of properties) setProperty(filled, name, fill(values));
    return {
      system: {
        messageId: messageId(values),
        correlationId: correlationId(values),
        ...(userId && { userId: userId(values) }),
        ...(contentType !== undefined && { contentType }),
        ...(contentEncoding !== undefined && { contentEncoding }),
      },
      properties: filled,
      body: body(values),
    };
  };
}

function bodyMaker(body: BodyPlan): (values: PlaceholderValues) => Uint8Array {
  if (body.type === "bytes") return () => body.bytes;
  const fill = body.isTemplate ? compileTemplate(body.text) : () => body.text;
  return (values) => Buffer.from(fill(values));
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
    return formatUtc(this.epochMs);
  }

  get windSpeed(): string {
    this.#windSpeed ??= makeWindSpeed(Math.random);
    return this.#windSpeed;
  }
}
