/** The messages of `--from`: what a device has received, sent on to others. */

import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import type { Readable } from "node:stream";
import type { Ack } from "../../core/message.ts";
import type { Context } from "../run-program.ts";
import { UsageError } from "../usage-error.ts";
import type { MessageSource, Outgoing } from "./message-source.ts";
import { parseMessageLine, type RecordedMessage } from "./parse-message-line.ts";
import { readLines } from "./read-lines.ts";

export interface RecordedOptions {
  /** `-` is stdin. */
  readonly path: string;
  readonly deviceIds: readonly string[];
  /** Feedback to ask for, in place of what each message asked for. */
  readonly ack: Ack | undefined;
  readonly isWaiting: boolean;
}

export class RecordedMessages implements MessageSource {
  readonly #options: RecordedOptions;
  readonly #context: Context;
  #count = 0;
  #hasEnded = false;

  constructor(options: RecordedOptions, context: Context) {
    this.#options = options;
    this.#context = context;
  }

  get total(): number | undefined {
    return this.#hasEnded ? this.#count : undefined;
  }

  /** @throws UsageError for a line that cannot be sent on. */
  async *all(): AsyncGenerator<Outgoing> {
    const { interruption } = this.#context;
    const name = this.#options.path === "-" ? "stdin" : this.#options.path;
    for await (const { number, text } of this.#lines(interruption.signal)) {
      const where = `--from: line ${number} of ${name}`;
      const recorded = parseMessageLine(text, where);
      if (recorded && !this.#isExpired(recorded, where)) yield* this.#toAll(recorded, where);
    }
    this.#hasEnded = true;
  }

  *#toAll({ deviceId: origin, message }: RecordedMessage, where: string): Generator<Outgoing> {
    const { ack, deviceIds, isWaiting } = this.#options;
    if (isWaiting && !message.system.messageId) {
      throw new UsageError(`${where}: --wait needs a message id to match feedback with`);
    }
    const system = ack === undefined ? message.system : { ...message.system, ack };
    for (const deviceId of deviceIds) {
      if (deviceId === origin) {
        throw new UsageError(
          `${where}: the message came from ${deviceId}, and would be sent to it again`,
          "Name another device with --device-id.",
        );
      }
      yield { n: this.#count++, deviceId, make: () => ({ ...message, system }) };
    }
  }

  #isExpired({ message }: RecordedMessage, where: string): boolean {
    const { expiryTimeUtcMs } = message.system;
    if (expiryTimeUtcMs === undefined || expiryTimeUtcMs > Date.now()) return false;
    const time = new Date(expiryTimeUtcMs).toISOString();
    this.#context.reporter.warn(`${where}: expired at ${time}; it is not sent`);
    return true;
  }

  async *#lines(signal: AbortSignal) {
    try {
      yield* readLines(this.#open(), signal);
    } catch (error) {
      const { code, syscall } = error as NodeJS.ErrnoException;
      if (syscall === undefined) throw error;
      throw new UsageError(`--from: the file cannot be read (${code})`, "Name a readable file.");
    }
  }

  #open(): Readable {
    const { stdin, directory } = this.#context.io;
    return this.#options.path === "-"
      ? stdin
      : createReadStream(resolve(directory, this.#options.path));
  }
}
