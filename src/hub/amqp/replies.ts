/** Answers to requests (`$cbs`, `$management`), which wait for the credit of the link that carries them. */

import type { Message as AmqpMessage, EventContext, Sender } from "rhea";

interface Waiting {
  readonly request: EventContext;
  readonly reply: AmqpMessage;
  readonly onGone: () => void;
}

export class Replies {
  readonly #links: Sender[] = [];
  #waiting: Waiting[] = [];

  /** A link of the node that its peer receives on. */
  addLink(link: Sender): void {
    this.#links.push(link);
    link.on("sendable", () => this.#send());
  }

  /** `onGone` is called once the answer has left, or has nobody to go to. */
  add(request: EventContext, reply: AmqpMessage, onGone: () => void): void {
    this.#waiting.push({ request, reply, onGone });
    this.#send();
  }

  #send(): void {
    this.#waiting = this.#waiting.filter(({ request, reply, onGone }) => {
      const link = this.#linkFor(request);
      if (link !== undefined && !link.sendable()) return true;
      link?.send(reply);
      onGone();
      return false;
    });
  }

  /** The link the request names, or any of its session. */
  #linkFor({ session, message }: EventContext): Sender | undefined {
    const open = this.#links.filter((link) => link.is_open());
    return (
      open.find((link) => link.name === message?.reply_to) ??
      open.find((link) => link.session === session) ??
      open[0]
    );
  }
}
