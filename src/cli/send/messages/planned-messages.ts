import type { PlannedMessage } from "../../../client/service/send-event.ts";
import type { Message } from "../../../core/message.ts";
import { type MessageMaker, messageMaker } from "../../message/make-message.ts";
import { expiryTimeMs } from "../expiry.ts";
import type { CloudToDevicePlan, SendOptions } from "../send-options.ts";
import type { MessageSource } from "./message-source.ts";

type Plan = Pick<SendOptions, "message" | "count">;

export class PlannedMessages implements MessageSource {
  readonly #options: Plan;
  readonly #deviceIds: readonly string[];
  readonly #run: string;
  readonly #make: MessageMaker;

  constructor(plan: Plan, deviceIds: readonly string[], run: string) {
    this.#options = plan;
    this.#deviceIds = deviceIds;
    this.#run = run;
    this.#make = cloudToDeviceMaker(plan.message);
  }

  get total(): number {
    return this.#options.count * this.#deviceIds.length;
  }

  get planned(): number {
    return this.total;
  }

  reportSkipped(): void {}

  /** To the first device, for validation. */
  sample(): Message {
    return this.#plan(0, 0).make();
  }

  /** Round by round over all devices. */
  *all(): Generator<PlannedMessage> {
    for (let index = 0; index < this.#options.count; index += 1) {
      for (let device = 0; device < this.#deviceIds.length; device += 1) {
        yield this.#plan(index, device);
      }
    }
  }

  #plan(index: number, device: number): PlannedMessage {
    const n = index * this.#deviceIds.length + device;
    const deviceId = this.#deviceIds[device] ?? "";
    const make = () => this.#make({ n, deviceId, run: this.#run, nowMs: Date.now() });
    return { deviceId, make };
  }
}

export function cloudToDeviceMaker(plan: CloudToDevicePlan): MessageMaker {
  const { expiry, ack } = plan;
  const make = messageMaker(plan);
  return (instance, body) => {
    const message = make(instance, body);
    return {
      ...message,
      system: {
        ack,
        ...message.system,
        ...(expiry !== undefined && { expiryTimeUtcMs: expiryTimeMs(expiry, instance.nowMs) }),
      },
    };
  };
}
