/** `c2d-device listen`: prints messages until it is told to end. */

import type { Delivery } from "../../client/device-connection.ts";
import { Deadline } from "../deadline.ts";
import { type End, Ending } from "../ending.ts";
import type { ExitCode } from "../exit-code.ts";
import { concludeReceiving, type ReceivingEnd } from "../receiving.ts";
import type { Context } from "../run-program.ts";
import { DeviceLink } from "./device-link.ts";
import type { ListenOptions } from "./listen-options.ts";
import { type MessageSink, openSink } from "./message-sink.ts";
import { prepareReadyFile } from "./ready-file.ts";
import { Reception } from "./reception.ts";

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
  readonly #link: DeviceLink;
  readonly #reception: Reception;
  readonly #ending: Ending<ReceivingEnd>;
  readonly #timeout = new Deadline(() => this.#ending.end("timeout"));
  readonly #idleTimeout = new Deadline(() => this.#ending.end("idleTimeout"));
  readonly #disconnect = new AbortController();
  readonly #announceReady: (text: string) => void;

  constructor(options: ListenOptions, context: Context, sink: MessageSink) {
    const { connection, count, pollIntervalMs, settlement } = options;
    this.#options = options;
    this.#context = context;
    this.#announceReady = prepareReadyFile(options.readyFile, context.io.directory).announce;
    this.#ending = new Ending(context);
    this.#link = new DeviceLink(
      { connection, isSending: false, listening: { pollIntervalMs } },
      {
        onStart: () => this.#timeout.start(this.#options.timeoutMs),
        onReady: () => this.#onReady(),
        onDelivery: (delivery, attempt) => this.#onDelivery(delivery, attempt),
        onDisconnected: () => this.#reception.dropWaiting(),
      },
      context,
    );
    const { deviceId } = this.#link;
    this.#reception = new Reception({ deviceId, sink, settlement, count }, context);
  }

  async run(): Promise<ExitCode> {
    this.#reception.finished.then(() => this.#ending.end("count"), this.#ending.fail);
    const listening = this.#link.run(this.#disconnect.signal).catch(this.#ending.fail);
    const end = await this.#ending.reason;
    this.#timeout.cancel();
    this.#idleTimeout.cancel();
    await this.#reception.stop();
    this.#disconnect.abort();
    await listening;
    return this.#conclude(end);
  }

  #onReady(): void {
    this.#context.reporter.info("Waiting for C2D messages, press Ctrl-C to exit");
    this.#idleTimeout.start(this.#options.idleTimeoutMs);
    this.#tellReady().catch(this.#ending.fail);
  }

  async #tellReady(): Promise<void> {
    const ready = this.#link.formatReady();
    this.#announceReady(ready);
    // On stdout even when the messages go to a file: it says that the device can be sent to.
    if (this.#context.flags.output === "json") await this.#context.io.stdout.write(ready);
  }

  #onDelivery(delivery: Delivery, attempt: number): void {
    this.#idleTimeout.start(this.#options.idleTimeoutMs);
    this.#reception.add(delivery, attempt);
  }

  #conclude(end: End<ReceivingEnd>): ExitCode {
    const { count, timeoutMs, idleTimeoutMs } = this.#options;
    const bound =
      end.type === "idleTimeout"
        ? { flag: "--idle-timeout", ms: idleTimeoutMs }
        : { flag: "--timeout", ms: timeoutMs };
    const hint = `Send more to device ${this.#link.deviceId}, or raise ${bound.flag}.`;
    const received = this.#reception.printedCount;
    return concludeReceiving(
      end,
      { what: "messages", received, count, bound, hint },
      this.#context,
    );
  }
}
