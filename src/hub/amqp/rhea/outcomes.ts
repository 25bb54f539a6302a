/** For sent deliveries: rhea creates outcomes only for received ones. */

import rhea, { type AmqpError } from "rhea";
import type { Settlement } from "../../../core/message-queue.ts";
import { CODEC } from "./rhea-internals.ts";

export function outcomeOf(settlement: Settlement): unknown {
  const { accepted, rejected, released } = CODEC.of(rhea).message;
  if (settlement === "complete") return accepted().described();
  return settlement === "reject" ? rejected().described() : released().described();
}

export function rejectedWith(error: AmqpError): unknown {
  return CODEC.of(rhea).message.rejected({ error }).described();
}
