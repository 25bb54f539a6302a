/** Only what clients need of twins and methods (rule twin-minimal). */

import rhea, { type Message as AmqpMessage, type Receiver, type Sender } from "rhea";
import { EMPTY_TWIN, REPORTED_VERSION } from "../../../core/twin.ts";
import { correlationOf } from "../ids.ts";
import type { GuardedLink, NodeContext } from "./node-context.ts";
import { Replies } from "./replies.ts";
import { answerRequests } from "./request-node.ts";

export class TwinNodes {
  readonly #context: NodeContext;
  readonly #replies = new Map<string, Replies>();

  constructor(context: NodeContext) {
    this.#context = context;
  }

  openRequests(receiver: Receiver, deviceId: string): GuardedLink {
    const guarded = openDeviceLink(receiver, deviceId, this.#context);
    answerRequests(receiver, this.#repliesOf(deviceId), this.#context, toTwinReply);
    return guarded;
  }

  openReplies(sender: Sender, deviceId: string): GuardedLink {
    const device = openDeviceLink(sender, deviceId, this.#context);
    const replies = this.#repliesOf(deviceId).open(sender);
    const end = (): void => {
      replies.end();
      device.end();
    };
    return { ...device, end };
  }

  #repliesOf(deviceId: string): Replies {
    const replies = this.#replies.get(deviceId) ?? new Replies(this.#context.sendBuffer);
    this.#replies.set(deviceId, replies);
    return replies;
  }
}

/** A device link without messages: methods are never called here. */
export function openDeviceLink(
  link: Sender | Receiver,
  deviceId: string,
  { claims, deviceLinks, toError }: NodeContext,
): GuardedLink {
  const check = (): void => void claims.authorizeDevice(deviceId);
  check();
  const close: GuardedLink["close"] = (error) => link.close(error);
  const device = deviceLinks.open(deviceId, (error) => close(toError(error)));
  return { check, close, end: () => device.close() };
}

function toTwinReply(request: AmqpMessage): AmqpMessage {
  const operation: unknown = request.message_annotations?.operation;
  const body = operation === "GET" ? JSON.stringify(EMPTY_TWIN) : "";
  return {
    ...correlationOf(request.correlation_id),
    message_annotations: {
      status: rhea.types.wrap_int(200),
      ...(operation === "PATCH" && { version: rhea.types.wrap_long(REPORTED_VERSION) }),
    },
    body: rhea.message.data_section(Buffer.from(body)),
  };
}
