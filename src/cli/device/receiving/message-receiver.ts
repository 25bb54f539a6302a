/** Prints messages to the device, marks duplicates, and settles what is printed. */

import { waitAtMost } from "../../../async/within.ts";
import type { Delivery, DeliverySettlement } from "../../../client/connection/device-connection.ts";
import { WRITE_GRACE_MS } from "../../program/ending.ts";
import type { OutputFormat } from "../../program/output-format.ts";
import type { Context } from "../../program/run-program.ts";
import type { OutputData } from "../../terminal/output.ts";
import type { BodyDirectory } from "./body-directory.ts";
import { DeliveryPrinter, type Printing } from "./delivery-printer.ts";
import { DuplicateWindow } from "./duplicate-window.ts";
import type { HeldMessages } from "./held-messages.ts";
import { warnOfMalformed } from "./malformed-properties.ts";
import { createMessageFormat, joinMessages, type MessageFormat } from "./message-format.ts";
import type { MessageSink } from "./message-sink.ts";
import { SettlementWarnings } from "./settlement-warnings.ts";

export interface MessageReceiverOptions {
  readonly deviceId: string;
  readonly sink: MessageSink;
  readonly format: OutputFormat;
  readonly settlement: DeliverySettlement;
  /** Holds printed messages; redeliveries within the run are then not printed. */
  readonly held?: HeldMessages | undefined;
  /** Saves bodies. */
  readonly bodies?: BodyDirectory | undefined;
  readonly count: number | undefined;
}

export class MessageReceiver {
  readonly #options: MessageReceiverOptions;
  readonly #context: Context;
  readonly #format: MessageFormat;
  readonly #printer: DeliveryPrinter;
  readonly #window = new DuplicateWindow();
  readonly #warnings: SettlementWarnings;

  constructor(options: MessageReceiverOptions, context: Context) {
    const { sink, format } = options;
    const { flags, io } = context;
    this.#options = options;
    this.#context = context;
    this.#warnings = new SettlementWarnings(context.reporter);
    this.#format = createMessageFormat(format, {
      isTTY: sink.isTTY,
      env: io.env,
      isDisabled: !flags.color,
    });
    this.#printer = this.#createPrinter();
  }

  get finished(): Promise<void> {
    return this.#printer.finished;
  }

  get receivedCount(): number {
    return this.#printer.printedCount;
  }

  add(delivery: Delivery, attempt: number): void {
    this.#options.held?.onArrival();
    this.#printer.add(delivery, attempt);
  }

  dropWaiting(): void {
    this.#printer.dropWaiting();
    this.#warnings.reset();
    this.#options.held?.drop();
  }

  /** Settles what was printed before the connection closes. */
  async stop(): Promise<void> {
    await waitAtMost(WRITE_GRACE_MS, this.#printer.stop());
  }

  #createPrinter(): DeliveryPrinter {
    const { deviceId, count, held, bodies } = this.#options;
    const isSettled = (delivery: Delivery, connection: number): boolean =>
      this.#window.has(delivery.message, connection);
    return new DeliveryPrinter({
      deviceId,
      count,
      nowMs: () => Date.now(),
      ...(held && { isSettled }),
      // What is saved is printed and settled before an error with the next.
      ...(bodies && { maxTogether: 1 }),
      isDuplicate: ({ message }, connection) => this.#window.mark(message, connection),
      write: (printings) => this.#write(printings),
      onPrinted: ({ message }) => warnOfMalformed(message, this.#context.reporter),
      settle: (delivery) => this.#settle(delivery),
    });
  }

  async #write(printings: readonly Printing[]): Promise<void> {
    const { sink, format, bodies } = this.#options;
    const shown: OutputData[] = [];
    for (const { delivery, arrival } of printings) {
      const { message } = delivery;
      const file = bodies && (await bodies.save(message, arrival));
      shown.push(this.#format(message, { ...arrival, ...(file !== undefined && { file }) }));
    }
    if (sink.isTTY) this.#context.reporter.hideProgress();
    await sink.write(joinMessages(shown, format, sink));
  }

  async #settle(delivery: Delivery): Promise<void> {
    const { held, settlement } = this.#options;
    try {
      await (held ? held.hold(delivery) : delivery.settle(settlement));
    } catch (error) {
      this.#warnings.report(error, settlement);
    }
  }
}
