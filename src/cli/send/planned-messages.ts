/** The messages that the command line describes. */

import type { Message } from "../../core/message.ts";
import { makeMessage } from "./make-message.ts";
import type { MessageSource, Outgoing } from "./message-source.ts";
import type { SendOptions } from "./send-options.ts";

type Plan = Pick<SendOptions, "message" | "count">;

export class PlannedMessages implements MessageSource {
  readonly #plan: Plan;
  readonly #deviceIds: readonly string[];
  readonly #run: string;

  constructor(plan: Plan, deviceIds: readonly string[], run: string) {
    this.#plan = plan;
    this.#deviceIds = deviceIds;
    this.#run = run;
  }

  get total(): number {
    return this.#plan.count * this.#deviceIds.length;
  }

  /** A message to the first device, to look at. */
  sample(): Message {
    return this.#make(0, 0).message;
  }

  /** Round by round over all devices. */
  *all(): Generator<Outgoing> {
    for (let index = 0; index < this.#plan.count; index += 1) {
      for (let device = 0; device < this.#deviceIds.length; device += 1) {
        yield this.#make(index, device);
      }
    }
  }

  #make(index: number, device: number): Outgoing {
    const n = index * this.#deviceIds.length + device;
    const deviceId = this.#deviceIds[device] ?? "";
    const instance = { n, deviceId, run: this.#run, nowMs: Date.now() };
    return { n, deviceId, message: makeMessage(this.#plan.message, instance) };
  }
}
