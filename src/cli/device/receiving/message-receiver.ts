/** Handles messages to the device from arrival to settlement: prints each, and marks duplicates. */

import { waitAtMost } from "../../../async/within.ts";
import type { Delivery, DeliverySettlement } from "../../../client/connection/device-connection.ts";
import { WRITE_GRACE_MS } from "../../program/ending.ts";
import type { OutputFormat } from "../../program/output-format.ts";
import type { Context } from "../../program/run-program.ts";
import { escapeLine } from "../../terminal/escape.ts";
import type { OutputData } from "../../terminal/output.ts";
import { DeliveryPrinter } from "./delivery-printer.ts";
import { DuplicateWindow } from "./duplicate-window.ts";
import type { HeldMessages } from "./held-messages.ts";
import { createMessageFormat, joinMessages } from "./message-format.ts";
import type { MessageSink } from "./message-sink.ts";

export interface MessageReceiverOptions {
  readonly deviceId: string;
  readonly sink: MessageSink;
  readonly format: OutputFormat;
  readonly settlement: DeliverySettlement;
  /** Holds printed messages; redeliveries within the run are then not printed. */
  readonly held?: HeldMessages | undefined;
  readonly count: number | undefined;
}

export class MessageReceiver {
  readonly #options: MessageReceiverOptions;
  readonly #context: Context;
  readonly #printer: DeliveryPrinter;
  readonly #window = new DuplicateWindow();

  constructor(options: MessageReceiverOptions, context: Context) {
    this.#options = options;
    this.#context = context;
    this.#printer = this.#createPrinter();
  }

  get finished(): Promise<void> {
    return this.#printer.finished;
  }

  get printedCount(): number {
    return this.#printer.printedCount;
  }

  add(delivery: Delivery, attempt: number): void {
    const { held } = this.#options;
    held?.onArrival();
    if (held && this.#window.has(delivery.message, attempt)) {
      this.#window.mark(delivery.message, attempt);
      void this.#settle(delivery);
    } else {
      this.#printer.add(delivery, attempt);
    }
  }

  dropWaiting(): void {
    this.#printer.dropWaiting();
    this.#options.held?.drop();
  }

  /** Settles what was printed before the connection closes. */
  async stop(): Promise<void> {
    await waitAtMost(WRITE_GRACE_MS, this.#printer.stop());
  }

  #createPrinter(): DeliveryPrinter {
    const { deviceId, count, sink } = this.#options;
    const { flags, io } = this.#context;
    const format = createMessageFormat(this.#options.format, {
      isTTY: sink.isTTY,
      env: io.env,
      isDisabled: !flags.color,
    });
    return new DeliveryPrinter({
      deviceId,
      count,
      nowMs: () => Date.now(),
      isDuplicate: ({ message }, connection) => this.#window.mark(message, connection),
      write: (printings) =>
        this.#write(printings.map(({ delivery, arrival }) => format(delivery.message, arrival))),
      onPrinted: (delivery) => this.#onPrinted(delivery),
      settle: (delivery) => this.#settle(delivery),
    });
  }

  async #write(messages: readonly OutputData[]): Promise<void> {
    const { sink, format } = this.#options;
    if (sink.isTTY) this.#context.reporter.hideProgress();
    await sink.write(joinMessages(messages, format, sink));
  }

  #onPrinted(delivery: Delivery): void {
    const { malformed } = delivery.message;
    if (malformed.length === 0) return;
    const parts = malformed.map((part) => `'${escapeLine(part)}'`).join(", ");
    this.#context.reporter.warn(
      `a property could not be decoded and is shown as received: ${parts}`,
    );
  }

  async #settle(delivery: Delivery): Promise<void> {
    const { held, settlement } = this.#options;
    try {
      await (held ? held.hold(delivery) : delivery.settle(settlement));
    } catch (error) {
      this.#context.reporter.detail(
        `A printed message could not be settled and will be delivered again: ${escapeLine(String(error))}`,
      );
    }
  }
}
