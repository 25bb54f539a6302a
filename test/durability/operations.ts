import fc from "fast-check";
import { ACKS, type Ack } from "../../src/core/message.ts";
import type { Settlement } from "../../src/core/message-queue.ts";

/** An operation on a hub; `pick` selects one of the current objects. */
export type Operation =
  | { readonly type: "send"; readonly ack: Ack; readonly ttlMs: number | undefined }
  | { readonly type: "take" }
  | { readonly type: "settle"; readonly pick: number; readonly settlement: Settlement }
  | { readonly type: "purge" }
  | { readonly type: "connectOrDisconnect" }
  | { readonly type: "attachOrDetachReader" }
  | { readonly type: "settleBatch"; readonly pick: number; readonly settlement: Settlement }
  | { readonly type: "pass"; readonly byMs: number }
  | { readonly type: "flush" }
  | { readonly type: "crash"; readonly pick: number };

const settlement = fc.constantFrom<Settlement>("complete", "abandon", "reject");
const pick = fc.nat(1000);

const send = fc.record({
  type: fc.constant("send" as const),
  ack: fc.constantFrom(...ACKS),
  ttlMs: fc.constantFrom(undefined, undefined, -10, 700, 3000),
});
const settle = fc.record({ type: fc.constant("settle" as const), pick, settlement });
const settleBatch = fc.record({ type: fc.constant("settleBatch" as const), pick, settlement });
const pass = fc.record({
  type: fc.constant("pass" as const),
  byMs: fc.constantFrom(0, 10, 500, 1500, 70_000),
});
const crash = fc.record({ type: fc.constant("crash" as const), pick });

export const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 8, arbitrary: send },
  { weight: 4, arbitrary: fc.constant({ type: "take" as const }) },
  { weight: 6, arbitrary: settle },
  { weight: 1, arbitrary: fc.constant({ type: "purge" as const }) },
  { weight: 2, arbitrary: fc.constant({ type: "connectOrDisconnect" as const }) },
  { weight: 2, arbitrary: fc.constant({ type: "attachOrDetachReader" as const }) },
  { weight: 3, arbitrary: settleBatch },
  { weight: 4, arbitrary: pass },
  { weight: 2, arbitrary: fc.constant({ type: "flush" as const }) },
  { weight: 2, arbitrary: crash },
);
