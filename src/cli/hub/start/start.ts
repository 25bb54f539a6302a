import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Gatherer } from "../../../async/gatherer.ts";
import { formatUtc } from "../../../core/encodings.ts";
import { createHome, homePaths } from "../../../hub/home/home.ts";
import { type HomeHubOptions, startHomeHub } from "../../../hub/home-hub.ts";
import { PortUnavailable } from "../../../hub/listener/port-unavailable.ts";
import type { LocalHub } from "../../../hub/local-hub.ts";
import type { HubEvent } from "../../../hub/model/events.ts";
import { findRunningHub } from "../../local/find-running-hub.ts";
import { loadHubHome } from "../../local/hub-home.ts";
import { LocalHubError } from "../../local/local-hub-error.ts";
import { reportingFailure, reportReady } from "../../local/start-report.ts";
import type { Context } from "../../program/run-program.ts";
import { EXIT_CODES, type ExitCode } from "../../terminal/exit-code.ts";
import { HubStartError } from "../../terminal/hub-start-error.ts";
import { formatJsonLine } from "../../terminal/json-line.ts";
import { UsageError } from "../../terminal/usage-error.ts";
import { formatHubEvent } from "../../text/hub-event-text.ts";
import { EventPrinter } from "./event-printer.ts";
import { LogFile } from "./log-file.ts";
import type { StartFlags } from "./start-flags.ts";
import { findWarnings } from "./start-warnings.ts";

export async function start(flags: StartFlags, context: Context): Promise<ExitCode> {
  const run = async () => await runStart(flags, loadHubHome(flags, context.io).home, context);
  return await (flags.background ? reportingFailure(run) : run());
}

export async function runStart(
  flags: StartFlags,
  home: string,
  context: Context,
): Promise<ExitCode> {
  const { signal } = context.interruption;
  await ensureNoneRunning(home, signal);
  const deviceAuthorities = readAuthorities(flags.deviceCa ?? [], context.io.directory);
  const options = { ...toHubOptions(flags, home), deviceAuthorities, signal };
  const hub = await startHomeHub(options).catch((error: unknown) => {
    throw toStartError(error, flags);
  });
  const end = untilEnd(hub, context);
  const shown = flags.background ? logEvents(hub, home, flags) : present(hub, flags, context);
  try {
    // A blocked or closed stdout must not keep the hub from stopping.
    await Promise.race([shown, end]);
    await end;
    return EXIT_CODES.done;
  } finally {
    await hub.stop();
  }
}

function toHubOptions(flags: StartFlags, home: string): HomeHubOptions {
  const options: { -readonly [K in keyof HomeHubOptions]: HomeHubOptions[K] } = {
    directory: home,
    onTakenPort: flags.background ? "skip" : "fail",
    isBackground: flags.background === true,
    isInMemory: flags.inMemory === true,
    ui: flags.ui,
    devices: flags.device ?? [],
    hostNames: flags.hostName ?? [],
    consumerGroups: flags.consumerGroup ?? [],
  };
  if (flags.port !== undefined) options.ports = [flags.port];
  if (flags.host !== undefined) options.host = flags.host;
  if (flags.uiPort !== undefined) options.uiPort = flags.uiPort;
  if (flags.defaultTtl !== undefined) options.defaultTtlMs = flags.defaultTtl;
  if (flags.maxDeliveryCount !== undefined) options.maxDeliveryCount = flags.maxDeliveryCount;
  if (flags.lockTimeout !== undefined) options.lockTimeoutMs = flags.lockTimeout;
  if (flags.queueDepth !== undefined) options.queueDepth = flags.queueDepth;
  if (flags.feedbackInterval !== undefined) options.feedbackIntervalMs = flags.feedbackInterval;
  if (flags.idleExit) options.idleExitMs = flags.idleExit;
  return options;
}

/** Two flags name ports. */
function toStartError(error: unknown, { uiPort }: StartFlags): unknown {
  if (!(error instanceof PortUnavailable) || error.port !== uiPort) return error;
  const { name, message } = error;
  const hint = "Choose another port for the page with --ui-port <n>, or none with --no-ui.";
  return new HubStartError({ name, code: EXIT_CODES.refused, message, hint });
}

function readAuthorities(paths: readonly string[], directory: string): string[] {
  return paths.map((path) => {
    try {
      const text = readFileSync(resolve(directory, path), "utf8");
      if (new X509Certificate(text).ca) return text;
    } catch {
      throw new UsageError(
        `--device-ca ${path} is not a readable PEM certificate`,
        "Use a file that starts with -----BEGIN CERTIFICATE-----.",
      );
    }
    throw new UsageError(
      `--device-ca ${path} is not a CA certificate`,
      "Use the CA's certificate, not a device's; a device's own is registered by its thumbprint.",
    );
  });
}

async function ensureNoneRunning(home: string, signal: AbortSignal): Promise<void> {
  const running = await findRunningHub(home, { signal });
  if (running === undefined) return;
  throw new LocalHubError(
    "LocalHubAlreadyRunning",
    `A local hub is already running for ${home} (process ${running.pid}, ${running.endpoint}).`,
    "Use it, stop it with c2d-hub stop, or set a different C2D_HOME to run another one.",
  );
}

async function present(hub: LocalHub, flags: StartFlags, context: Context): Promise<void> {
  const { stdout } = context.io;
  const isJson = flags.output === "json";
  const written = stdout.write(
    isJson ? formatJsonLine(readyLine({ ...hub, ui: pageAddress(hub) })) : formatReady(hub),
  );
  const printer = new EventPrinter({
    stdout,
    format: isJson ? formatEventJson : formatEventText,
    onDropped: (reason) => context.reporter.warn(`${reason}: events are dropped`),
  });
  followEvents(hub, (events) => printer.print(events));
  await written;
  for (const warning of await findWarnings(hub, flags)) context.reporter.warn(warning);
}

async function logEvents(hub: LocalHub, home: string, flags: StartFlags): Promise<void> {
  const log = new LogFile(homePaths(createHome(home).directory).logFile);
  const write = (lines: readonly string[]): void => {
    const time = formatUtc(Date.now());
    log.write(lines.map((line) => `${time} ${line}`));
  };
  const ui = pageAddress(hub);
  write([`hub ready on ports ${hub.ports.join(", ")}${ui ? `, page at ${ui}` : ""}`]);
  followEvents(hub, (events) => write(events.map(formatHubEvent)));
  write((await findWarnings(hub, flags)).map((warning) => `warning: ${warning}`));
  await reportReady();
}

/** Many come in one tick: one write for each would cost more than the messages themselves. */
function followEvents(hub: LocalHub, take: (events: readonly HubEvent[]) => void): void {
  const gatherer = new Gatherer(take);
  hub.subscribe((event) => gatherer.add(event));
  const flush = (): void => gatherer.flush();
  hub.stopped.then(flush, flush);
}

async function untilEnd(hub: LocalHub, { interruption, io }: Context): Promise<void> {
  const stop = (): void => void hub.stop();
  interruption.signal.addEventListener("abort", stop, { once: true });
  io.stdout.closed.addEventListener("abort", stop, { once: true });
  if (interruption.signal.aborted || io.stdout.closed.aborted) stop();
  await hub.stopped;
}

/** The `hub` line of `start -o json` and `status -o json`. */
export function readyLine(hub: {
  readonly hostName: string;
  readonly ports: readonly number[];
  readonly caFile: string;
  readonly pid?: number;
  readonly ui?: string | undefined;
}): object {
  const { hostName, ports, caFile, pid = process.pid, ui } = hub;
  return { type: "hub", hostName, ports, caFile, pid, ui };
}

/** Without its key. */
function pageAddress({ uiUrl }: LocalHub): string | undefined {
  return uiUrl && new URL("/", uiUrl).href;
}

function formatReady(hub: LocalHub): string {
  const costs = hub.hostName.includes(":")
    ? "\nNot on the standard ports: SDKs with fixed ports cannot reach it (443 for WebSocket and REST in\nall of them, 8883 and 5671 too in Python and C); MQTT and AMQP of the Node SDKs can.\n"
    : "";
  const ui = pageAddress(hub);
  const page = ui ? `\nPage:            ${ui} (open it with c2d-hub ui)` : "";
  return `Local hub ready: ${hub.hostName}
Ports:           ${hub.ports.join(", ")}, each for MQTT, AMQP, WebSocket and HTTPS over TLS
CA certificate:  ${hub.caFile}${page}
${costs}
Try next, each in its own terminal:
  c2d-device listen --local
  c2d-send --local --wait

Press Ctrl-C to stop.
`;
}

function formatEventText(event: HubEvent, time: string): string {
  return `${time.slice(11, 23)} ${formatHubEvent(event)}\n`;
}

function formatEventJson(event: HubEvent, time: string): string {
  return formatJsonLine({ ...event, time });
}
