import { BackOff } from "../../../async/back-off.ts";
import { waitAtMost } from "../../../async/within.ts";
import { reconnect } from "../../../client/connection/reconnect.ts";
import { ClientError } from "../../../client/errors/client-error.ts";
import { LOG_PATH } from "../../../hub/home/home.ts";
import { whileConnecting } from "../../local/connecting.ts";
import { HubFollower } from "../../local/hub-follower.ts";
import { loadHubHome } from "../../local/hub-home.ts";
import { openLines } from "../../local/hub-lines.ts";
import type { CommonFlags } from "../../program/common-options.ts";
import { Ending, WRITE_GRACE_MS } from "../../program/ending.ts";
import type { Context } from "../../program/run-program.ts";
import { escapeLine } from "../../terminal/escape.ts";
import { EXIT_CODES, type ExitCode } from "../../terminal/exit-code.ts";
import { OutputClosedError } from "../../terminal/output.ts";
import { formatRetry } from "../../text/retry-text.ts";
import { formatGap, formatLogged, type LogLine } from "./log-format.ts";

export interface LogsFlags extends CommonFlags {
  readonly follow?: true;
  /** Milliseconds. */
  readonly since?: number;
  readonly bodies?: true;
  readonly connectTimeout: number;
}

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 10_000;

export async function logs(flags: LogsFlags, context: Context): Promise<ExitCode> {
  const { home } = loadHubHome(flags, context.io);
  return await new HubLog(flags, home, context).run();
}

type Lines = AsyncIterable<readonly LogLine[]>;

class HubLog {
  readonly #flags: LogsFlags;
  readonly #context: Context;
  readonly #follower: HubFollower;
  readonly #ending: Ending<"read">;
  readonly #stop = new AbortController();
  /** Which start of the hub the numbers are from, and the last one that was printed. */
  #run: number | undefined;
  #last: number | undefined;
  #printed = 0;

  constructor(flags: LogsFlags, home: string, context: Context) {
    this.#flags = flags;
    this.#context = context;
    // Others start a hub that has ended; to look at one does not.
    this.#follower = new HubFollower(home, context, { startsHub: false });
    this.#ending = new Ending(context);
  }

  /** @throws LocalHubError LocalHubNotRunning; ClientError ConnectTimeout, ConnectionLost. */
  async run(): Promise<ExitCode> {
    const reading = this.#read().then(() => this.#ending.end("read"), this.#ending.fail);
    const end = await this.#ending.reason;
    this.#stop.abort();
    await waitAtMost(WRITE_GRACE_MS, reading);
    if (end.type === "failed" && !(end.error instanceof OutputClosedError)) throw end.error;
    if (end.type !== "interrupted" || this.#flags.follow) return EXIT_CODES.done;
    return EXIT_CODES[this.#context.interruption.cause ?? "SIGINT"];
  }

  async #read(): Promise<void> {
    const { reporter } = this.#context;
    const { signal } = this.#stop;
    const { follow } = this.#flags;
    let lines: Lines | undefined = await whileConnecting("the local hub", this.#context, () =>
      this.#open(),
    );
    if (!follow) {
      await this.#print(lines);
      if (this.#printed === 0 && !signal.aborted) reporter.info("No events are known.");
      return;
    }
    reporter.info("Following the local hub, press Ctrl-C to exit");
    while (lines !== undefined) {
      await this.#printUntilLost(lines);
      lines = await this.#reopen();
      if (lines !== undefined) reporter.info("Following the local hub again.");
    }
  }

  async #open(): Promise<Lines> {
    const { signal } = this.#stop;
    const { bodies, connectTimeout: timeoutMs, follow = false, since } = this.#flags;
    const hub = await this.#follower.find({ timeoutMs, signal });
    const query = new URLSearchParams({
      ...(follow && { follow: "true" }),
      ...(bodies && { bodies: "true" }),
      ...(this.#run === undefined
        ? since !== undefined && { ageMs: String(since) }
        : { run: String(this.#run), after: String(this.#last) }),
    });
    const options = { timeoutMs, mayBeSilent: follow, signal };
    return await openLines<LogLine>(hub, `${LOG_PATH}?${query}`, options);
  }

  async #reopen(): Promise<Lines | undefined> {
    const { reporter } = this.#context;
    return await reconnect(0, () => this.#open(), {
      signal: this.#stop.signal,
      backOff: new BackOff({ firstMs: FIRST_RETRY_MS, maxMs: MAX_RETRY_MS }),
      watch: this.#follower,
      onFailed: (failure, retryInMs) => reporter.detail(formatRetry(failure, retryInMs)),
    });
  }

  async #printUntilLost(lines: Lines): Promise<void> {
    try {
      await this.#print(lines);
    } catch (error) {
      if (!(error instanceof ClientError) || error.name !== "ConnectionLost") throw error;
      this.#context.reporter.detail(escapeLine(error.message));
    }
  }

  async #print(lines: Lines): Promise<void> {
    for await (const some of lines) {
      const text = some.map((line) => this.#format(line)).join("");
      if (text !== "") await this.#context.io.stdout.write(text);
    }
  }

  #format(line: LogLine): string {
    const isJson = this.#flags.output === "json";
    if ("startedMs" in line) {
      this.#run = line.startedMs;
      this.#last = line.after;
      return "";
    }
    if ("gap" in line) return formatGap(line, isJson);
    this.#last = line.number;
    this.#printed += 1;
    return formatLogged(line, isJson);
  }
}
