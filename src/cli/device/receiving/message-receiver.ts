/** Handles messages to the device from arrival to settlement: prints each, and marks duplicates. */

import { waitAtMost } from "../../../async/within.ts";
import type { Delivery, DeliverySettlement } from "../../../client/connection/device-connection.ts";
import { WRITE_GRACE_MS } from "../../program/ending.ts";
import type { OutputFormat } from "../../program/output-format.ts";
import type { Context } from "../../program/run-program.ts";
import { escapeLine } from "../../terminal/escape.ts";
import type { OutputData } from "../../terminal/output.ts";
import { type ExecHandler, ExecStop } from "../handling/exec-handler.ts";
import type { BodyDirectory } from "./body-directory.ts";
import { DeliveryPrinter, type Printing } from "./delivery-printer.ts";
import { DuplicateWindow } from "./duplicate-window.ts";
import type { HeldMessages } from "./held-messages.ts";
import { createMessageFormat, joinMessages, type MessageFormat } from "./message-format.ts";
import { type Arrival, toMessageRecord } from "./message-record.ts";
import type { MessageSink } from "./message-sink.ts";

export interface MessageReceiverOptions {
  readonly deviceId: string;
  readonly sink: MessageSink;
  readonly format: OutputFormat;
  readonly settlement: DeliverySettlement;
  /** Holds printed messages; redeliveries within the run are then not printed. */
  readonly held?: HeldMessages | undefined;
  /** Saves bodies. */
  readonly bodies?: BodyDirectory | undefined;
  /** Handles messages one by one, and decides what becomes of each. */
  readonly exec?: ExecHandler | undefined;
  readonly count: number | undefined;
}

export class MessageReceiver {
  readonly #options: MessageReceiverOptions;
  readonly #context: Context;
  readonly #format: MessageFormat;
  readonly #printer: DeliveryPrinter;
  readonly #window = new DuplicateWindow();
  /** What a handler has decided. */
  readonly #settlements = new Map<Delivery, DeliverySettlement>();

  constructor(options: MessageReceiverOptions, context: Context) {
    const { sink, format } = options;
    const { flags, io } = context;
    this.#options = options;
    this.#context = context;
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

  get printedCount(): number {
    return this.#printer.printedCount;
  }

  /** When the message arrived that has waited longest, in milliseconds since the epoch. */
  get oldestMs(): number | undefined {
    return this.#printer.oldestMs;
  }

  add(delivery: Delivery, attempt: number): void {
    this.#options.held?.onArrival();
    this.#printer.add(delivery, attempt);
  }

  dropWaiting(): void {
    this.#printer.dropWaiting();
    this.#options.held?.drop();
  }

  /** Settles what was printed before the connection closes; a running handler may end first. */
  async stop(): Promise<void> {
    const { exec } = this.#options;
    await waitAtMost((exec?.longestMs ?? 0) + WRITE_GRACE_MS, this.#printer.stop());
  }

  #createPrinter(): DeliveryPrinter {
    const { deviceId, count, held, bodies, exec } = this.#options;
    // Neither prints or handles again what it has printed or handled.
    const isSettled = (delivery: Delivery, connection: number): boolean =>
      this.#window.has(delivery.message, connection);
    return new DeliveryPrinter({
      deviceId,
      count,
      nowMs: () => Date.now(),
      ...((held || exec) && { isSettled }),
      // What is saved is printed and settled before an error with the next.
      ...((bodies || exec) && { maxTogether: 1 }),
      isDuplicate: ({ message }, connection) =>
        exec ? false : this.#window.mark(message, connection),
      write: (printings) => this.#write(printings),
      onPrinted: (delivery) => this.#onPrinted(delivery),
      settle: (delivery) => this.#settle(delivery),
    });
  }

  async #write(printings: readonly Printing[]): Promise<void> {
    const { sink, format, bodies, exec } = this.#options;
    const shown: OutputData[] = [];
    for (const { delivery, arrival, connection } of printings) {
      const { message } = delivery;
      const file = await bodies?.save(message, arrival);
      const saved: Arrival = { ...arrival, ...(file !== undefined && { file }) };
      if (exec) {
        const text = await this.#handle(exec, { delivery, arrival: saved, connection });
        if (text !== undefined) shown.push(text);
      } else {
        shown.push(this.#format(message, saved));
      }
    }
    if (shown.length > 0) {
      if (sink.isTTY) this.#context.reporter.hideProgress();
      await sink.write(joinMessages(shown, format, sink));
    }
    if (exec?.isStopping) throw new ExecStop();
  }

  /** Resolves to what is printed beside the output of the command. */
  async #handle(
    exec: ExecHandler,
    { delivery, arrival, connection }: Printing,
  ): Promise<OutputData | undefined> {
    const { message } = delivery;
    const { settlement, exitCode } = await exec.handle(
      toMessageRecord(message, arrival),
      message.body,
    );
    if (settlement === "complete") this.#window.mark(message, connection);
    if (settlement) this.#settlements.set(delivery, settlement);
    const isJson = this.#options.format.type === "json";
    return isJson ? this.#format(message, { ...arrival, exitCode }) : undefined;
  }

  #onPrinted({ message: { malformed } }: Delivery): void {
    if (malformed.length === 0) return;
    const parts = malformed.map((part) => `'${escapeLine(part)}'`).join(", ");
    this.#context.reporter.warn(
      `a property could not be decoded and is shown as received: ${parts}`,
    );
  }

  async #settle(delivery: Delivery): Promise<void> {
    const { held, settlement } = this.#options;
    const handled = this.#settlements.get(delivery);
    this.#settlements.delete(delivery);
    try {
      await (held ? held.hold(delivery) : delivery.settle(handled ?? settlement));
    } catch (error) {
      this.#context.reporter.detail(
        `A printed message could not be settled and will be delivered again: ${escapeLine(String(error))}`,
      );
    }
  }
}
