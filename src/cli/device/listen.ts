/** `c2d-device listen`: prints messages until it is told to end. */

import type { ClientError } from "../../client/client-error.ts";
import type { Delivery } from "../../client/device-connection.ts";
import type { ListenerEvent } from "../../client/device-listener.ts";
import { Deadline } from "../deadline.ts";
import { formatDuration } from "../duration.ts";
import { escapeLine } from "../escape.ts";
import { EXIT_CODES, type ExitCode } from "../exit-code.ts";
import { formatJsonLine } from "../json-line.ts";
import { describeHub } from "../local/connect-target.ts";
import { OutputClosedError } from "../output.ts";
import type { Context } from "../run-program.ts";
import { within } from "../within.ts";
import { DeliveryPrinter } from "./delivery-printer.ts";
import { DuplicateWindow } from "./duplicate-window.ts";
import { keepListening } from "./keep-listening.ts";
import type { ListenOptions } from "./listen-options.ts";
import { createMessageFormat } from "./message-format.ts";
import { type MessageSink, openSink } from "./message-sink.ts";
import { prepareReadyFile } from "./ready-file.ts";

/** Why listening ended. */
type End =
  | { readonly type: "count" | "timeout" | "idleTimeout" | "interrupted" | "closed" }
  | { readonly type: "failed"; readonly error: unknown };

/** How long a message on its way to a reader who does not read may hold up the end. */
const WRITE_GRACE_MS = 1000;

export async function runListen(options: ListenOptions, context: Context): Promise<ExitCode> {
  const sink = await openSink(options.outputFile, context.io);
  try {
    return await new ListenRun(options, context, sink).run();
  } finally {
    await sink.close();
  }
}

class ListenRun {
  readonly #options: ListenOptions;
  readonly #context: Context;
  readonly #sink: MessageSink;
  readonly #printer: DeliveryPrinter;
  readonly #window = new DuplicateWindow();
  readonly #timeout = new Deadline(() => this.#end({ type: "timeout" }));
  readonly #idleTimeout = new Deadline(() => this.#end({ type: "idleTimeout" }));
  /** Over which connection, as they are counted here, each delivery came. */
  readonly #origins = new WeakMap<Delivery, number>();
  readonly #disconnect = new AbortController();
  readonly #ended: Promise<End>;
  readonly #announceReady: (text: string) => void;
  #end!: (end: End) => void;
  #attempts = 0;
  #hostName = "";
  #isReady = false;

  constructor(options: ListenOptions, context: Context, sink: MessageSink) {
    this.#options = options;
    this.#context = context;
    this.#sink = sink;
    this.#announceReady = prepareReadyFile(options.readyFile, context.io.directory).announce;
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#printer = this.#createPrinter();
  }

  async run(): Promise<ExitCode> {
    this.#watchForTheEnd();
    const listening = keepListening(
      this.#options,
      {
        onTarget: (hostName) => this.#onTarget(hostName),
        onEvent: (event) => this.#onEvent(event),
      },
      this.#disconnect.signal,
      this.#context,
    ).catch((error: unknown) => this.#end({ type: "failed", error }));
    const end = await this.#ended;
    this.#timeout.cancel();
    this.#idleTimeout.cancel();
    // What was printed is settled before the connection goes.
    await within(WRITE_GRACE_MS, this.#printer.stop());
    this.#disconnect.abort();
    await listening;
    return this.#conclude(end);
  }

  #createPrinter(): DeliveryPrinter {
    const { output, color } = this.#context.flags;
    const format = createMessageFormat(output === "json", {
      isTTY: this.#sink.isTTY,
      env: this.#context.io.env,
      isRefused: !color,
    });
    return new DeliveryPrinter({
      deviceId: this.#deviceId,
      count: this.#options.count,
      nowMs: () => Date.now(),
      isDuplicate: (delivery) => this.#window.has(delivery.message, this.#originOf(delivery)),
      write: (delivery, arrival) => this.#sink.write(format(delivery.message, arrival)),
      onPrinted: (delivery) => this.#onPrinted(delivery),
      settle: (delivery) => this.#settle(delivery),
    });
  }

  #watchForTheEnd(): void {
    const { interruption, io } = this.#context;
    const endOn = (signal: AbortSignal, end: End): void => {
      if (signal.aborted) this.#end(end);
      else signal.addEventListener("abort", () => this.#end(end), { once: true });
    };
    endOn(interruption.signal, { type: "interrupted" });
    endOn(io.stdout.closed, { type: "closed" });
    this.#printer.finished.then(
      () => this.#end({ type: "count" }),
      (error: unknown) => this.#end({ type: "failed", error }),
    );
  }

  #onTarget(hostName: string): void {
    if (hostName === this.#hostName) return;
    if (this.#hostName === "") this.#timeout.start(this.#options.timeoutMs);
    this.#hostName = hostName;
    this.#context.reporter.info(describeHub(hostName, this.#options.config.hub));
  }

  #onEvent(event: ListenerEvent): void {
    switch (event.type) {
      case "connecting":
        this.#attempts += 1;
        this.#context.reporter.detail(`Connecting, attempt ${event.attempt} ...`);
        break;
      case "ready":
        this.#onReady();
        break;
      case "delivery":
        this.#onDelivery(event.delivery);
        break;
      case "connectFailed":
        this.#reportRetry(event.error, event.retryInMs);
        break;
      case "disconnected":
        this.#printer.dropWaiting();
        if (event.isTakenOver) {
          this.#context.reporter.warn(
            `another client seems to be connected as ${escapeLine(this.#deviceId)}, and to throw this one out`,
          );
        }
        this.#reportRetry(event.error, event.retryInMs);
        break;
    }
  }

  #onReady(): void {
    const { reporter } = this.#context;
    if (this.#isReady) {
      reporter.info("Connected again.");
      return;
    }
    this.#isReady = true;
    reporter.info("Waiting for C2D messages, press Ctrl-C to exit");
    this.#idleTimeout.start(this.#options.idleTimeoutMs);
    this.#tellReady().catch((error: unknown) => this.#end({ type: "failed", error }));
  }

  async #tellReady(): Promise<void> {
    const { transport } = this.#options.config;
    const ready = formatJsonLine({
      type: "ready",
      deviceId: this.#deviceId,
      hostName: this.#hostName,
      transport,
    });
    this.#announceReady(ready);
    // On stdout even when the messages go to a file: it says that the device can be sent to.
    if (this.#context.flags.output === "json") await this.#context.io.stdout.write(ready);
  }

  #onDelivery(delivery: Delivery): void {
    this.#origins.set(delivery, this.#attempts);
    this.#idleTimeout.start(this.#options.idleTimeoutMs);
    this.#printer.add(delivery);
  }

  #reportRetry({ message, hint }: ClientError, retryInMs: number): void {
    const { reporter } = this.#context;
    reporter.info(`${escapeLine(message)} Connecting again in ${formatDuration(retryInMs)} ...`);
    if (hint) reporter.detail(hint);
  }

  #onPrinted(delivery: Delivery): void {
    this.#window.add(delivery.message, this.#originOf(delivery));
    const { malformed } = delivery.message;
    if (malformed.length === 0) return;
    const parts = malformed.map((part) => `'${escapeLine(part)}'`).join(", ");
    this.#context.reporter.warn(
      `a property could not be decoded and is shown as it came: ${parts}`,
    );
  }

  async #settle(delivery: Delivery): Promise<void> {
    try {
      await delivery.settle(this.#options.settlement);
    } catch (error) {
      this.#context.reporter.detail(
        `A printed message could not be settled and will come again: ${escapeLine(String(error))}`,
      );
    }
  }

  #conclude(end: End): ExitCode {
    const { reporter, interruption } = this.#context;
    if (end.type === "failed") return this.#fail(end.error);
    if (end.type === "closed") return EXIT_CODES.done;
    const { count } = this.#options;
    const printed = this.#printer.printedCount;
    const total = `${printed}${count === undefined ? "" : ` of ${count}`} messages received`;
    if (count === undefined || this.#printer.isComplete) {
      reporter.info(`${total}.`);
      return EXIT_CODES.done;
    }
    if (end.type === "interrupted") {
      reporter.info(`${total}.`);
      return EXIT_CODES[interruption.cause ?? "SIGINT"];
    }
    const [flag, ms] =
      end.type === "idleTimeout"
        ? ["--idle-timeout", this.#options.idleTimeoutMs]
        : ["--timeout", this.#options.timeoutMs];
    reporter.report({
      code: EXIT_CODES.timeout,
      name: "Timeout",
      message: `${total} when ${flag} ${formatDuration(ms ?? 0)} had passed`,
      hint: `Send more to device ${this.#deviceId}, or raise ${flag}.`,
    });
    return EXIT_CODES.timeout;
  }

  #fail(error: unknown): ExitCode {
    if (error instanceof OutputClosedError) return EXIT_CODES.done;
    throw error;
  }

  #originOf(delivery: Delivery): number {
    return this.#origins.get(delivery) ?? 0;
  }

  get #deviceId(): string {
    const { hub } = this.#options.config;
    return hub.type === "local" ? hub.deviceId : hub.connectionString.deviceId;
  }
}
