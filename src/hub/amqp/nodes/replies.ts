/** Replies to requests (`$cbs`, `$management`, twins), which wait for credit on their link. */

import type { Message as AmqpMessage, EventContext, Sender } from "rhea";
import { agreeToSenderSettleMode } from "../rhea/attach-fields.ts";
import { LinkCredit } from "../rhea/link-credit.ts";
import type { SendBuffer } from "../rhea/send-buffer.ts";
import { sendMessage } from "../rhea/send-message.ts";
import type { GuardedLink } from "./node-context.ts";

interface Waiting {
  readonly request: EventContext;
  readonly reply: AmqpMessage;
  readonly onGone: () => void;
}

export class Replies {
  readonly #sendBuffer: SendBuffer;
  readonly #links = new Map<Sender, LinkCredit>();
  #waiting: Waiting[] = [];

  constructor(sendBuffer: SendBuffer) {
    this.#sendBuffer = sendBuffer;
  }

  open(link: Sender): Omit<GuardedLink, "check"> {
    agreeToSenderSettleMode(link);
    const credit = new LinkCredit(link, this.#sendBuffer, () => this.#send());
    this.#links.set(link, credit);
    const end = (): void => {
      if (!this.#links.delete(link)) return;
      credit.end();
      this.#send();
    };
    return { close: (error) => link.close(error), end };
  }

  /** `onGone` is called once the reply was sent or has no receiver. */
  add(request: EventContext, reply: AmqpMessage, onGone: () => void): void {
    this.#waiting.push({ request, reply, onGone });
    this.#send();
  }

  #send(): void {
    this.#waiting = this.#waiting.filter(({ request, reply, onGone }) => {
      const [link, credit] = this.#linkFor(request) ?? [];
      if (credit?.isLeft === false) return true;
      if (link !== undefined) credit?.use(sendMessage(link, reply));
      onGone();
      return false;
    });
  }

  /** The link that the request names, or any; preferably of the same session. */
  #linkFor({ session, message }: EventContext): readonly [Sender, LinkCredit] | undefined {
    const open = [...this.#links].filter(([link]) => link.is_open());
    const own = open.filter(([link]) => link.session === session);
    const isNamed = ([{ name }]: readonly [Sender, LinkCredit]) => name === message?.reply_to;
    return own.find(isNamed) ?? open.find(isNamed) ?? own[0] ?? open[0];
  }
}
