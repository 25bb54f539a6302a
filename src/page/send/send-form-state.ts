/** What stands in the form, and the request and command that follow from it: pure. */

import type { SendRequest } from "../../hub/page/page-types.ts";
import { visibleLine } from "../shared/visible-text.ts";

export interface FormState {
  readonly deviceId: string;
  readonly body: string;
  readonly contentType: string;
  readonly messageId: string;
  readonly correlationId: string;
  readonly userId: string;
  readonly properties: readonly PropertyRow[];
  /** A number, or empty for the hub's time to live. */
  readonly expiry: string;
  readonly expiryUnit: ExpiryUnit;
  readonly ack: Ack;
}

export interface PropertyRow {
  /** In the form alone. */
  readonly id: number;
  readonly name: string;
  readonly value: string;
}

export const ACKS = ["none", "positive", "negative", "full"] as const;
type Ack = (typeof ACKS)[number];

export const EXPIRY_UNITS = { s: "seconds", m: "minutes", h: "hours", d: "days" } as const;
export type ExpiryUnit = keyof typeof EXPIRY_UNITS;

const UNIT_MS: Readonly<Record<ExpiryUnit, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\b/i;

export function newForm(deviceId: string): FormState {
  return {
    deviceId,
    body: '{"isOn": true}',
    contentType: "application/json",
    messageId: newMessageId(),
    correlationId: "",
    userId: "",
    properties: [],
    expiry: "",
    expiryUnit: "m",
    ack: "none",
  };
}

/** Told apart from those of other messages. */
export function newMessageId(): string {
  return `message_${crypto.randomUUID().slice(0, 8)}`;
}

export function toRequest(form: FormState): SendRequest {
  const { deviceId, body, contentType, messageId, correlationId, userId, properties, ack } = form;
  const named = properties.filter(({ name }) => name);
  return {
    deviceId,
    body,
    contentEncoding: "utf-8",
    ...given({ contentType, messageId, correlationId, userId }),
    ...(named.length > 0 && {
      properties: Object.fromEntries(named.map(({ name, value }) => [name, value])),
    }),
    ...(form.expiry && { expiresInMs: Number(form.expiry) * UNIT_MS[form.expiryUnit] }),
    ...(ack !== "none" && { ack }),
  };
}

/** As `c2d-send` takes it. */
export function toExpiry({ expiry, expiryUnit }: FormState): string | undefined {
  return expiry ? Number(expiry) + expiryUnit : undefined;
}

/** What is wrong with the body, if it is to be JSON. */
export function checkBody({ body, contentType }: FormState): string | undefined {
  if (!JSON_TYPE.test(contentType)) return undefined;
  try {
    JSON.parse(body);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** What keeps the properties from being sent as they stand. */
export function checkProperties({ properties }: FormState): string | undefined {
  const names = properties.map(({ name }) => name);
  if (properties.some(({ name, value }) => !name && value)) return "A property has no name.";
  const repeated = names.find((name, index) => name && names.indexOf(name) !== index);
  return repeated && `Two properties are called ${visibleLine(repeated)}.`;
}

function given<Values extends Readonly<Record<string, string>>>(values: Values): Partial<Values> {
  const entries = Object.entries(values).filter(([, value]) => value);
  return Object.fromEntries(entries) as Partial<Values>;
}
