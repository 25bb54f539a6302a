import type { PlannedMessage } from "../../../client/service/send-event.ts";
import { formatUtc } from "../../../core/encodings.ts";
import type { Ack } from "../../../core/message.ts";
import type { Context } from "../../program/run-program.ts";
import { escapeLine } from "../../terminal/escape.ts";
import { UsageError } from "../../terminal/usage-error.ts";
import type { MessageSource } from "../messages/message-source.ts";
import { type Line, readLines } from "../messages/read-lines.ts";
import { type RecordInput, unreadable } from "./open-record.ts";
import { LineError, parseMessageLine, type RecordedMessage } from "./parse-message-line.ts";
import { SkippedLines } from "./skipped-lines.ts";

/** Enough for a telemetry event of 256 KB or a message of 64 KB, however escaped. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;

export interface RecordedOptions {
  readonly input: RecordInput;
  readonly deviceIds: readonly string[];
  /** Feedback to request, instead of each message's own. */
  readonly ack: Ack | undefined;
  readonly isWaiting: boolean;
}

export class RecordedMessages implements MessageSource {
  readonly #options: RecordedOptions;
  readonly #context: Context;
  readonly #skipped = new SkippedLines();
  #isReported = false;
  #planned = 0;
  #hasEnded = false;

  constructor(options: RecordedOptions, context: Context) {
    this.#options = options;
    this.#context = context;
  }

  get total(): number | undefined {
    return this.#hasEnded ? this.#planned : undefined;
  }

  get planned(): number {
    return this.#planned;
  }

  /** @throws UsageError for a message that must not be sent, and if all lines are invalid. */
  async *all(): AsyncGenerator<PlannedMessage> {
    for await (const line of this.#lines()) {
      const where = `--from: line ${line.number} of ${this.#options.input.name}`;
      const recorded = this.#parse(line);
      if (!recorded || this.#isExpired(recorded, where)) continue;
      yield* this.#toAll(recorded, where);
    }
    this.#hasEnded = true;
    if (this.#planned > 0 || this.#skipped.count === 0) return;
    this.reportSkipped();
    throw new UsageError(
      `--from: ${this.#options.input.name} contains no message that can be sent`,
      "Use the output of c2d-device listen -o json.",
    );
  }

  reportSkipped(): void {
    const text = this.#skipped.describe();
    if (text === undefined || this.#isReported) return;
    this.#isReported = true;
    this.#context.reporter.warn(escapeLine(`--from: ${text}`));
  }

  #parse({ number, bytes }: Line): RecordedMessage | undefined {
    try {
      return parseMessageLine(bytes);
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      this.#skipped.add(number, error.message);
      return undefined;
    }
  }

  *#toAll(
    { deviceId: origin, message }: RecordedMessage,
    where: string,
  ): Generator<PlannedMessage> {
    const { ack, deviceIds, isWaiting } = this.#options;
    if (isWaiting && !message.system.messageId) {
      throw new UsageError(`${where}: --wait needs a message id to match feedback with`);
    }
    if (origin !== undefined && deviceIds.includes(origin)) {
      throw new UsageError(
        `${where}: the message came from ${origin} and would be sent back to it`,
        "Choose another device with --device-id.",
      );
    }
    const system = ack === undefined ? message.system : { ...message.system, ack };
    this.#planned += deviceIds.length;
    for (const deviceId of deviceIds) yield { deviceId, make: () => ({ ...message, system }) };
  }

  #isExpired({ message }: RecordedMessage, where: string): boolean {
    const { expiryTimeUtcMs } = message.system;
    if (expiryTimeUtcMs === undefined || expiryTimeUtcMs > Date.now()) return false;
    const time = formatUtc(expiryTimeUtcMs);
    this.#context.reporter.warn(escapeLine(`${where}: expired at ${time} and is not sent`));
    return true;
  }

  async *#lines(): AsyncGenerator<Line> {
    const { name, stream } = this.#options.input;
    try {
      yield* readLines(stream, MAX_LINE_BYTES, this.#context.interruption.signal);
    } catch (error) {
      throw unreadable(name, error);
    }
  }
}
