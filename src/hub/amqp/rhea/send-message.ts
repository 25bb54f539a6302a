/** As on Azure, no empty sections (rule amqp-sections): rhea always adds header and properties. */

import rhea, { type Message as AmqpMessage, type Delivery, type Sender, type Typed } from "rhea";
import { CODEC, DATA_BODY } from "./rhea-internals.ts";

/** By descriptor (AMQP 1.0, section 3.2). The hub sends no header and no footer. */
const SECTION = {
  deliveryAnnotations: 0x71,
  messageAnnotations: 0x72,
  applicationProperties: 0x74,
  value: 0x77,
} as const;

const MESSAGE_FORMAT = 0;

type Fields = Readonly<Record<string, unknown>>;

export function sendMessage(sender: Sender, message: AmqpMessage, deliveryTag?: Buffer): Delivery {
  return sender.send(encodeMessage(message), deliveryTag, MESSAGE_FORMAT);
}

function encodeMessage(message: AmqpMessage): Buffer {
  const writer = new (CODEC.of(rhea).types.Writer)();
  for (const section of sectionsOf(message)) writer.write(section);
  return writer.toBuffer();
}

function sectionsOf(message: AmqpMessage): Typed[] {
  return [
    ...annotations(SECTION.deliveryAnnotations, message.delivery_annotations),
    ...annotations(SECTION.messageAnnotations, message.message_annotations),
    ...propertiesOf(message),
    ...mapSection(SECTION.applicationProperties, message.application_properties),
    ...bodyOf(message.body),
  ];
}

/** Annotation names are symbols. */
function annotations(code: number, fields: Fields = {}): Typed[] {
  return isEmpty(fields) ? [] : [described(rhea.types.wrap_symbolic_map(fields), code)];
}

function mapSection(code: number, fields: Fields = {}): Typed[] {
  return isEmpty(fields) ? [] : [described(fields, code)];
}

function propertiesOf(message: AmqpMessage): Typed[] {
  const section = CODEC.of(rhea).message.properties(message);
  return section.value.length === 0 ? [] : [section.described()];
}

/** A data section from rhea; anything else is a value. */
function bodyOf(body: unknown): Typed[] {
  const isData = typeof body === "object" && body !== null && "collect_sections" in body;
  if (!isData) return [described(body, SECTION.value)];
  const sections: Typed[] = [];
  DATA_BODY.ofClass(body).collect_sections(sections);
  return sections;
}

function isEmpty(fields: Fields): boolean {
  return Object.keys(fields).length === 0;
}

/** rhea's types do not allow numeric descriptors. */
function described(value: unknown, code: number): Typed {
  return rhea.types.wrap_described(value, code as never);
}
