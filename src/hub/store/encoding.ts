import { asBuffer } from "../../core/encodings.ts";
import type { Message } from "../../core/message.ts";

/** Keys are read in lexical order, which must match numeric order. */
export function sortable(number: number): string {
  return String(number).padStart(16, "0");
}

export function encodeMessage({ system, properties, body }: Message): unknown {
  return { system, properties, body: asBuffer(body).toString("base64") };
}

export function decodeMessage(value: unknown): Message {
  const { body, ...rest } = value as Omit<Message, "body"> & { readonly body: string };
  return { ...rest, body: Buffer.from(body, "base64") };
}
