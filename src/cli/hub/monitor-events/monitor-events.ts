import { Deadline } from "../../../async/deadline.ts";
import { waitAtMost } from "../../../async/within.ts";
import { connectEvents, type EventConnection } from "../../../client/events/connect-events.ts";
import {
  type EventHandlers,
  type EventListenerEvent,
  runEventListener,
} from "../../../client/events/event-listener.ts";
import type { ReceivedEvent } from "../../../client/events/received-event.ts";
import type { EventsConfig } from "../../../config/hub-config.ts";
import { loadEventsConfig } from "../../../config/hub-config.ts";
import { createFollower } from "../../local/connect-target.ts";
import { whileConnecting } from "../../local/connecting.ts";
import type { HubFollower } from "../../local/hub-follower.ts";
import { type End, Ending, WRITE_GRACE_MS } from "../../program/ending.ts";
import { loadConfig } from "../../program/load-config.ts";
import { toOutputFormat } from "../../program/output-format.ts";
import { concludeReceiving, type ReceivingEnd } from "../../program/receiving.ts";
import type { Context } from "../../program/run-program.ts";
import type { ExitCode } from "../../terminal/exit-code.ts";
import { formatJsonLine } from "../../terminal/json-line.ts";
import { formatCount } from "../../text/count.ts";
import { formatRetry } from "../../text/retry-text.ts";
import { EventFilter, parseWantedProperties } from "./event-filter.ts";
import { EventPrinter } from "./event-printer.ts";
import { EVENT_KEYS } from "./event-record.ts";
import { type EventSource, findEventSource } from "./event-source.ts";
import type { MonitorEventsFlags } from "./monitor-events-flags.ts";

export async function monitorEvents(
  flags: MonitorEventsFlags,
  context: Context,
): Promise<ExitCode> {
  const format = toOutputFormat(flags, EVENT_KEYS);
  const wanted = parseWantedProperties(flags.property);
  const config = loadConfig(loadEventsConfig, "c2d-hub", flags, context);
  const { reporter, io } = context;
  const { stdout, env } = io;
  const parts = {
    printer: new EventPrinter(format, { stdout, env, reporter, isColorDisabled: !flags.color }),
    filter: new EventFilter(config.device, wanted),
  };
  return await new MonitorRun(flags, config, parts, context).run();
}

interface Parts {
  readonly filter: EventFilter;
  readonly printer: EventPrinter;
}

class MonitorRun {
  readonly #flags: MonitorEventsFlags;
  readonly #config: EventsConfig;
  readonly #context: Context;
  readonly #filter: EventFilter;
  readonly #printer: EventPrinter;
  readonly #ending: Ending<ReceivingEnd>;
  readonly #timeout = new Deadline(() => this.#ending.end("timeout"));
  readonly #disconnect = new AbortController();
  readonly #follower: HubFollower | undefined;
  #source: EventSource | undefined;
  #banner = "";
  #accepted = 0;
  #printed = 0;
  #missing = 0;

  constructor(
    flags: MonitorEventsFlags,
    config: EventsConfig,
    { filter, printer }: Parts,
    context: Context,
  ) {
    this.#flags = flags;
    this.#config = config;
    this.#context = context;
    this.#filter = filter;
    this.#printer = printer;
    this.#ending = new Ending(context);
    this.#follower = createFollower(config.hub, context);
  }

  async run(): Promise<ExitCode> {
    const { enqueuedTime: sinceMs } = this.#flags;
    const listening = runEventListener({
      start: sinceMs === undefined ? { type: "latest" } : { type: "enqueuedTime", sinceMs },
      signal: this.#disconnect.signal,
      connect: (handlers) => this.#connect(handlers),
      onRead: (event) => this.#onRead(event),
      onEvent: (event) => this.#onEvent(event),
      watch: this.#follower,
    }).catch(this.#ending.fail);
    const end = await this.#ending.reason;
    this.#timeout.cancel();
    this.#disconnect.abort();
    await waitAtMost(WRITE_GRACE_MS, listening);
    return this.#conclude(end);
  }

  async #connect(handlers: EventHandlers): Promise<EventConnection> {
    const { consumerGroup, connectTimeout: connectTimeoutMs } = this.#flags;
    let deadlineMs = performance.now() + connectTimeoutMs;
    const remainingMs = (): number => Math.max(1, Math.ceil(deadlineMs - performance.now()));
    const sourceOptions = {
      signal: handlers.signal,
      remainingMs,
      follower: this.#follower,
      onTarget: (banner: string) => {
        // The time spent waiting for a local hub does not count.
        deadlineMs = performance.now() + connectTimeoutMs;
        this.#onTarget(banner);
      },
    };
    const source = await findEventSource(this.#config, sourceOptions, this.#context);
    const { address, signIn, ca } = source;
    this.#source = source;
    this.#context.reporter.detail(
      `Reading the event hub ${address.entityPath} at ${address.host}, consumer group ${consumerGroup} ...`,
    );
    return await whileConnecting(address.host, this.#context, () =>
      connectEvents({
        address,
        signIn,
        consumerGroup,
        transport: this.#config.transport,
        connectTimeoutMs: remainingMs(),
        ca,
        ...handlers,
      }),
    );
  }

  #onTarget(banner: string): void {
    if (banner === this.#banner) return;
    if (this.#banner === "") this.#timeout.start(this.#flags.timeout);
    this.#banner = banner;
    this.#context.reporter.info(banner);
  }

  #onEvent(event: EventListenerEvent): void {
    const { reporter } = this.#context;
    switch (event.type) {
      case "ready":
        if (event.isFirst) this.#reportReady(event.connection).catch(this.#ending.fail);
        else reporter.info("Reconnected, continuing after the last event.");
        break;
      case "gap":
        this.#missing += event.missing;
        this.#printer.printGap(event).catch(this.#ending.fail);
        break;
      case "retry":
        reporter.info(formatRetry(event.error, event.retryInMs));
        if (event.error.hint) reporter.detail(event.error.hint);
        break;
    }
  }

  async #reportReady({ partitionIds }: EventConnection): Promise<void> {
    const { io, reporter } = this.#context;
    reporter.info(`Waiting for ${this.#filter.describe()}, press Ctrl-C to exit`);
    if (this.#flags.output !== "json") return;
    const ready = {
      type: "ready",
      hostName: this.#source?.hostName,
      eventHub: this.#source?.address.entityPath,
      consumerGroup: this.#flags.consumerGroup,
      partitionIds,
      transport: this.#config.transport,
    };
    await io.stdout.write(formatJsonLine(ready));
  }

  async #onRead(event: ReceivedEvent): Promise<void> {
    const { count = Number.POSITIVE_INFINITY } = this.#flags;
    if (!this.#filter.matches(event)) return;
    if (this.#disconnect.signal.aborted || this.#accepted >= count) return;
    this.#accepted += 1;
    try {
      await this.#printer.printEvent(event, this.#accepted);
      this.#printed += 1;
      if (this.#printed === count) this.#ending.end("count");
    } catch (error) {
      this.#ending.fail(error);
    }
  }

  #conclude(end: End<ReceivingEnd>): ExitCode {
    const { count, timeout } = this.#flags;
    if (this.#missing > 0) {
      this.#context.reporter.warn(
        `${formatCount(this.#missing, "event")} not shown: the hub discarded them before they could be read`,
      );
    }
    const received = {
      what: "event",
      received: this.#printed,
      count,
      bound: { flag: "--timeout", ms: timeout },
      hint: "Send events (c2d-device telemetry), raise --timeout, or start earlier (--enqueued-time 10m).",
    };
    return concludeReceiving(end, received, this.#context);
  }
}
