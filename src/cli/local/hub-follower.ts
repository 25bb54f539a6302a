/** Follows the local hub across restarts, for commands that reconnect. */

import { type FSWatcher, watch } from "node:fs";
import { Deadline } from "../../async/deadline.ts";
import { formatDuration } from "../../async/format-duration.ts";
import type { HubWatch } from "../../client/connection/reconnect.ts";
import type { DeviceHubWatch, LossCause } from "../../client/device/keep-connected.ts";
import { type HubDescription, readHubMark, readRunningHub } from "../../hub/home/home.ts";
import type { Context } from "../program/run-program.ts";
import { ensureLocalHub } from "./ensure-local-hub.ts";
import { findRunningHub } from "./find-running-hub.ts";
import { isDeviceConnected } from "./hub-api.ts";
import { requireHub } from "./require-hub.ts";

export interface FindOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Delay before starting a stopped background hub again: a user who restarts it comes first. */
const RESTART_AFTER_MS = 3000;

/** For missed file system events, and for a process that exits. */
const POLL_MS = 250;

const EXAMINE_TIMEOUT_MS = 2000;

export interface FollowerOptions {
  /** Default true. An observer does not: it would undo `c2d-hub stop`. */
  readonly startsHub?: boolean;
}

export class HubFollower implements HubWatch {
  readonly #home: string;
  readonly #startsHub: boolean;
  readonly #reporter: Context["reporter"];
  #last: { readonly hub: HubDescription; readonly mark: string | undefined } | undefined;

  constructor(
    home: string,
    { reporter }: Pick<Context, "reporter">,
    { startsHub = true }: FollowerOptions = {},
  ) {
    this.#home = home;
    this.#startsHub = startsHub;
    this.#reporter = reporter;
  }

  get isFollowing(): boolean {
    return this.#last !== undefined;
  }

  /**
   * The first time: finds the running hub or starts one. Later: finds the hub running now, or says
   * that there is none and waits without limit; starts one if the last was in the background. With
   * `startsHub` false, it never starts one.
   *
   * @throws LocalHubError; ClientError ConnectTimeout for a hub that hangs; AbortError.
   */
  async find(options: FindOptions): Promise<HubDescription> {
    const mark = readHubMark(this.#home);
    const running = this.#last && (await findRunningHub(this.#home, options));
    const hub = running ?? (await this.#awaitHub(options));
    this.#last = { hub, mark: running ? mark : readHubMark(this.#home) };
    return hub;
  }

  hasEnded(): boolean {
    if (this.#last === undefined) return false;
    if (readHubMark(this.#home) !== this.#last.mark) return true;
    return readRunningHub(this.#home) === undefined;
  }

  async untilEnded(signal: AbortSignal): Promise<void> {
    await this.#until(() => this.hasEnded(), signal);
  }

  /** @param deviceId Undefined if the transport keeps no connection that could be taken over. */
  watchDevice(deviceId: string | undefined): DeviceHubWatch {
    return {
      hasEnded: () => this.hasEnded(),
      untilEnded: (signal) => this.untilEnded(signal),
      examineLoss: () => this.#examineLoss(deviceId),
    };
  }

  async #examineLoss(deviceId: string | undefined): Promise<LossCause> {
    const isTakenOver = !this.hasEnded() && (await this.#isConnected(deviceId));
    if (this.hasEnded()) return "hubEnded";
    return isTakenOver ? "takenOver" : "unknown";
  }

  /** False also if the hub does not respond: reconnecting will show why. */
  async #isConnected(deviceId: string | undefined): Promise<boolean> {
    if (this.#last === undefined || deviceId === undefined) return false;
    const { hub } = this.#last;
    return await isDeviceConnected(hub, deviceId, EXAMINE_TIMEOUT_MS).catch(() => false);
  }

  async #awaitHub({ timeoutMs, signal }: FindOptions): Promise<HubDescription> {
    if (this.#last === undefined) return await this.#start({ timeoutMs, signal });
    const isRestarted = this.#startsHub && this.#last.hub.isBackground === true;
    const whatNext = isRestarted
      ? `Starting one in ${formatDuration(RESTART_AFTER_MS)} ...`
      : "Waiting for it to start again (c2d-hub start) ...";
    this.#reporter.info(`The local hub is not running. ${whatNext}`);
    const enough = new AbortController();
    const deadline = new Deadline(() => enough.abort());
    if (isRestarted) deadline.start(RESTART_AFTER_MS);
    const hub = await this.#untilFound(AbortSignal.any([signal, enough.signal]));
    deadline.cancel();
    signal.throwIfAborted();
    return hub ?? (await this.#start({ timeoutMs, signal }));
  }

  async #start(options: FindOptions): Promise<HubDescription> {
    if (!this.#startsHub) return await requireHub(this.#home, options);
    return await ensureLocalHub({
      ...options,
      home: this.#home,
      onStart: () =>
        this.#reporter.info(
          "Starting the local hub in the background (stop it with c2d-hub stop) ...",
        ),
    });
  }

  async #untilFound(signal: AbortSignal): Promise<HubDescription | undefined> {
    let mark: string | undefined;
    while (!signal.aborted) {
      // A stale hub.json stays stale until it changes.
      await this.#until(() => readHubMark(this.#home) !== mark, signal);
      mark = readHubMark(this.#home);
      try {
        const hub = await findRunningHub(this.#home, { signal });
        if (hub !== undefined) return hub;
      } catch {
        // A hung hub may resume without changing hub.json.
        mark = undefined;
      }
    }
    return undefined;
  }

  async #until(isSo: () => boolean, signal: AbortSignal): Promise<void> {
    if (signal.aborted || isSo()) return;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!signal.aborted && !isSo()) return;
        clearInterval(poll);
        watcher?.close();
        signal.removeEventListener("abort", look);
        resolve();
      };
      const poll = setInterval(look, POLL_MS);
      const watcher = watchDirectory(this.#home, look);
      signal.addEventListener("abort", look, { once: true });
    });
  }
}

function watchDirectory(directory: string, onChange: () => void): FSWatcher | undefined {
  try {
    return watch(directory, onChange).on("error", () => {});
  } catch {
    return undefined;
  }
}
