import { Deadline } from "../../../async/deadline.ts";
import { waitAtMost } from "../../../async/within.ts";
import type { Delivery, DeviceConnection } from "../../../client/connection/device-connection.ts";
import { loadDeviceConfig } from "../../../config/device-config.ts";
import { type End, Ending } from "../../program/ending.ts";
import { loadConfig } from "../../program/load-config.ts";
import { toOutputFormat } from "../../program/output-format.ts";
import { concludeReceiving, type ReceivingEnd } from "../../program/receiving.ts";
import type { Context } from "../../program/run-program.ts";
import type { ExitCode } from "../../terminal/exit-code.ts";
import { DeviceLink } from "../device-link.ts";
import { ExecHandler, ExecStop } from "../handling/exec-handler.ts";
import { ExecReceiver } from "../handling/exec-receiver.ts";
import { BodyDirectory } from "../receiving/body-directory.ts";
import { HeldMessages, type HoldEnd } from "../receiving/held-messages.ts";
import { MessageReceiver } from "../receiving/message-receiver.ts";
import { MESSAGE_KEYS } from "../receiving/message-record.ts";
import { type MessageSink, openSink } from "../receiving/message-sink.ts";
import { describeHoldEnd, isHoldEnd, reportReturned } from "./held-text.ts";
import type { ListenFlags } from "./listen-flags.ts";
import type { ListenOptions } from "./listen-options.ts";
import { toListenOptions } from "./listen-options.ts";
import { prepareReadyFile } from "./ready-file.ts";

export async function listen(flags: ListenFlags, context: Context): Promise<ExitCode> {
  const format = toOutputFormat(flags, MESSAGE_KEYS);
  const config = loadConfig(loadDeviceConfig, "c2d-device", flags, context);
  return await runListen(toListenOptions(flags, format, config), context);
}

export async function runListen(options: ListenOptions, context: Context): Promise<ExitCode> {
  const { outputFile, saveDirectory } = options;
  const { directory } = context.io;
  const bodies =
    saveDirectory === undefined ? undefined : await BodyDirectory.open(saveDirectory, directory);
  const sink = await openSink(outputFile, context.io);
  try {
    return await new ListenRun(options, context, sink, bodies).run();
  } finally {
    await sink.close();
  }
}

type ListenEnd = End<ReceivingEnd | HoldEnd>;

/** How long returning held messages may delay the exit. */
const RETURN_LIMIT_MS = 5000;

class ListenRun {
  readonly #options: ListenOptions;
  readonly #context: Context;
  readonly #link: DeviceLink;
  readonly #receiver: MessageReceiver | ExecReceiver;
  readonly #held: HeldMessages | undefined;
  readonly #exec: ExecReceiver | undefined;
  readonly #handler: ExecHandler | undefined;
  readonly #ending: Ending<ReceivingEnd | HoldEnd>;
  readonly #timeout = new Deadline(() => this.#ending.end("timeout"));
  readonly #idleTimeout = new Deadline(() => this.#ending.end("idleTimeout"));
  readonly #disconnect = new AbortController();
  readonly #announceReady: (text: string) => void;
  #connection: DeviceConnection | undefined;

  constructor(
    options: ListenOptions,
    context: Context,
    sink: MessageSink,
    bodies: BodyDirectory | undefined,
  ) {
    const { connection, count, format, pollIntervalMs, settlement, lockTimeoutMs } = options;
    const isHolding = settlement === "abandon";
    this.#options = options;
    this.#context = context;
    this.#announceReady = prepareReadyFile(options.readyFile, context.io.directory);
    this.#ending = new Ending(context);
    this.#link = new DeviceLink(
      {
        connection,
        isSending: false,
        listening: {
          pollIntervalMs,
          isOneAtATime: options.exec !== undefined,
          ...(isHolding && { lockTimeoutMs }),
        },
      },
      {
        onStart: () => this.#timeout.start(this.#options.timeoutMs),
        onReady: () => this.#onReady(),
        onConnected: (established) => {
          this.#connection = established;
        },
        onDelivery: (delivery, attempt) => this.#onDelivery(delivery, attempt),
        onDisconnected: () => {
          this.#connection = undefined;
          this.#receiver.dropWaiting();
        },
      },
      context,
    );
    const { deviceId } = this.#link;
    if (isHolding) {
      const onEnd = (reason: HoldEnd): void => this.#ending.end(reason);
      this.#held = new HeldMessages({ lockTimeoutMs: () => this.#lockTimeoutMs(), onEnd });
    }
    const held = this.#held;
    if (options.exec) {
      const handler = new ExecHandler(options.exec, sink, context);
      this.#handler = handler;
      this.#exec = new ExecReceiver(
        { deviceId, sink, bodies, handler, count, lockTimeoutMs: () => this.#lockTimeoutMs() },
        context,
      );
    }
    this.#receiver =
      this.#exec ??
      new MessageReceiver({ deviceId, sink, format, settlement, held, bodies, count }, context);
  }

  /** Over HTTP a run that holds messages requests the lock duration itself. */
  #lockTimeoutMs(): number {
    const { connection, lockTimeoutMs } = this.#options;
    const isOwn = connection.config.transport === "http" && this.#held !== undefined;
    const ofHub = isOwn ? undefined : this.#link.hubLockTimeoutMs;
    return Math.min(lockTimeoutMs, ofHub ?? lockTimeoutMs);
  }

  async run(): Promise<ExitCode> {
    this.#receiver.finished.then(() => this.#ending.end("count"), this.#ending.fail);
    const listening = this.#link.run(this.#disconnect.signal).catch(this.#ending.fail);
    const end = await this.#ending.reason;
    this.#timeout.cancel();
    this.#idleTimeout.cancel();
    await this.#receiver.stop();
    if (this.#held) await this.#returnHeld(this.#held, end);
    if (this.#exec?.hasReturns) await this.#returnAbandoned(this.#exec);
    this.#disconnect.abort();
    await listening;
    return this.#conclude(end);
  }

  /** Stops receiving first: returned messages would be delivered again at once. */
  async #returnHeld(held: HeldMessages, { type }: ListenEnd): Promise<void> {
    const { reporter } = this.#context;
    if (isHoldEnd(type)) reporter.info(describeHoldEnd(type));
    await this.#connection?.stopReceiving();
    const outcome = await waitAtMost(RETURN_LIMIT_MS, held.returnAll());
    if (outcome && type !== "closed") reportReturned(outcome, reporter);
  }

  async #returnAbandoned(exec: ExecReceiver): Promise<void> {
    await this.#connection?.stopReceiving();
    await waitAtMost(RETURN_LIMIT_MS, exec.returnAll());
  }

  #onReady(): void {
    this.#context.reporter.info("Waiting for C2D messages, press Ctrl-C to exit");
    this.#idleTimeout.start(this.#options.idleTimeoutMs);
    this.#reportReady().catch(this.#ending.fail);
  }

  async #reportReady(): Promise<void> {
    const ready = this.#link.formatReady();
    this.#announceReady(ready);
    // On stdout even if messages go to a file: it signals that the device can receive.
    if (this.#context.flags.output === "json") await this.#context.io.stdout.write(ready);
  }

  #onDelivery(delivery: Delivery, attempt: number): void {
    this.#idleTimeout.start(this.#options.idleTimeoutMs);
    this.#receiver.add(delivery, attempt);
  }

  #conclude(end: ListenEnd): ExitCode {
    const failure = this.#handler?.report;
    if (failure && (end.type !== "failed" || end.error instanceof ExecStop)) {
      this.#context.reporter.report(failure);
      return failure.code;
    }
    const { count, timeoutMs, idleTimeoutMs } = this.#options;
    const bound =
      end.type === "idleTimeout"
        ? { flag: "--idle-timeout", ms: idleTimeoutMs }
        : { flag: "--timeout", ms: timeoutMs };
    const hint = `Send more to device ${this.#link.deviceId}, or raise ${bound.flag}.`;
    const received = this.#receiver.receivedCount;
    return concludeReceiving(
      toReceivingEnd(end),
      { what: "message", received, count, bound, hint },
      this.#context,
    );
  }
}

function toReceivingEnd(end: ListenEnd): End<ReceivingEnd> {
  if (end.type === "failed") return end;
  return { type: isHoldEnd(end.type) ? "enough" : end.type };
}
