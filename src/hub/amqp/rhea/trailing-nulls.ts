/**
 * Azure writes trailing nulls; rhea omits them, as AMQP allows (rule amqp-fields). Some clients
 * read fields by index: azure-eventhub for Python fails if the list is too short.
 */

import rhea, { type Connection } from "rhea";
import { ACCEPTED_CONNECTION, PERFORMATIVE, type Performative } from "./rhea-internals.ts";

const NULL: unknown = rhea.types.wrap(null);

/** Fields of each list, by descriptor (AMQP 1.0, sections 2.7, 2.8.14, 3.4, 3.5, 5.3.3). */
const FIELD_COUNTS: ReadonlyMap<unknown, number> = new Map([
  [0x10, 10], // open
  [0x11, 8], // begin
  [0x12, 14], // attach
  [0x13, 11], // flow
  [0x14, 11], // transfer
  [0x15, 6], // disposition
  [0x16, 3], // detach
  [0x17, 1], // end
  [0x18, 1], // close
  [0x1d, 3], // error
  [0x23, 2], // received
  [0x24, 0], // accepted
  [0x25, 1], // rejected
  [0x26, 0], // released
  [0x27, 3], // modified
  [0x28, 11], // source
  [0x29, 7], // target
  [0x40, 1], // sasl-mechanisms
  [0x42, 1], // sasl-challenge
  [0x44, 2], // sasl-outcome
]);

/** @throws IncompatiblePackage; call when rhea has accepted the connection and written nothing. */
export function writeTrailingNulls(connection: Connection): void {
  const { amqp_transport, sasl_transport } = ACCEPTED_CONNECTION.of(connection);
  for (const transport of [amqp_transport, sasl_transport.transports[3].transport]) {
    const { encode } = transport;
    transport.encode = (frame) => {
      if (frame.performative !== undefined) extendPerformative(frame.performative);
      encode.call(transport, frame);
    };
  }
}

function extendPerformative(performative: Performative): void {
  const { constructor: kind, value } = PERFORMATIVE.ofClass(performative);
  const code = kind.descriptor.numeric;
  if (!FIELD_COUNTS.has(code)) throw PERFORMATIVE.fault("", `of the unknown kind ${code} is sent`);
  extend(value, code);
}

function extend(list: unknown[], code: unknown): void {
  const count = FIELD_COUNTS.get(code) ?? 0;
  while (list.length < count) list.push(NULL);
  for (const item of list) {
    const nested = item as { readonly descriptor?: { readonly value: unknown }; value: unknown };
    const nestedCode = nested?.descriptor?.value;
    // rhea shares one empty list instance.
    if (!FIELD_COUNTS.has(nestedCode) || !Array.isArray(nested.value)) continue;
    if (nested.value.length > 0) extend(nested.value, nestedCode);
  }
}
