/** The messages of a run, made as they are needed. */

import type { OutgoingMessage } from "../../client/send-event.ts";
import type { Message } from "../../core/message.ts";
import { makeMessage } from "./make-message.ts";
import type { SendOptions } from "./send-options.ts";

export interface Outgoing extends OutgoingMessage {
  /** 0-based, counting over all devices. */
  readonly n: number;
}

export class MessageSource {
  readonly #options: SendOptions;
  readonly #deviceIds: readonly string[];
  readonly #run: string;

  constructor(options: SendOptions, deviceIds: readonly string[], run: string) {
    this.#options = options;
    this.#deviceIds = deviceIds;
    this.#run = run;
  }

  get total(): number {
    return this.#options.count * this.#deviceIds.length;
  }

  /** A message to the first device, to look at. */
  sample(): Message {
    return this.#make(0, 0).message;
  }

  /** Round by round over all devices, each made when it is asked for. */
  *all(): Generator<Outgoing> {
    for (let index = 0; index < this.#options.count; index += 1) {
      for (let device = 0; device < this.#deviceIds.length; device += 1) {
        yield this.#make(index, device);
      }
    }
  }

  #make(index: number, device: number): Outgoing {
    const n = index * this.#deviceIds.length + device;
    const deviceId = this.#deviceIds[device] ?? "";
    const instance = { n, deviceId, run: this.#run, nowMs: Date.now() };
    return { n, deviceId, message: makeMessage(this.#options.message, instance) };
  }
}
