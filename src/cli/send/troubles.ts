/** Tells what does not go well with single messages while a run goes on. */

import type { SendEvent } from "../../client/send-event.ts";
import { UnansweredError } from "../../client/unanswered-error.ts";
import { formatDuration } from "../duration.ts";
import { escapeLine } from "../escape.ts";
import { exitCodeOf } from "../exit-code.ts";
import type { Context } from "../run-program.ts";

type Failure = Extract<SendEvent, { type: "failed" }>;
type Retry = Extract<SendEvent, { type: "queueFull" | "throttled" }>;

export class Troubles {
  readonly #context: Context;
  /** What has been told in full, by kind and device. */
  readonly #told = new Set<string>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** As JSON one error line a message; as text one line each, and the error once a device. */
  tellFailure({ index, outgoing, error }: Failure): void {
    const { reporter, flags } = this.#context;
    const { deviceId, message } = outgoing;
    const { name, hint } = error;
    const id = message.system.messageId ?? "";
    if (flags.output === "json") {
      const text = `message ${index} (${id}) to ${deviceId}: ${error.message}`;
      reporter.report({ code: exitCodeOf(error), name, message: text, hint });
      return;
    }
    const which = escapeLine(`message ${index} to ${deviceId} (message id ${id})`);
    reporter.info(
      `${error instanceof UnansweredError ? "Unknown" : "Not sent"}: ${which}: ${name}`,
    );
    if (!endsRun(name) && this.#isNew(`${name} ${deviceId}`)) reporter.error(error);
  }

  /** In full the first time for a device, then only with `--verbose`. */
  tellRetry({ type, deviceId, retryInMs }: Retry): void {
    const { reporter } = this.#context;
    const device = escapeLine(deviceId);
    const wait = `next attempt in ${formatDuration(retryInMs)}`;
    if (!this.#isNew(`${type} ${deviceId}`)) {
      reporter.detail(`${device}: ${wait}.`);
    } else if (type === "queueFull") {
      reporter.info(`The queue of ${device} is full; waiting for room, ${wait} ...`);
    } else {
      reporter.info(`The hub throttles messages to ${device}; ${wait} ...`);
    }
  }

  #isNew(key: string): boolean {
    const isNew = !this.#told.has(key);
    this.#told.add(key);
    return isNew;
  }
}

/** These end the whole run, which tells them. */
function endsRun(name: string): boolean {
  return name === "ConnectionLost" || name === "IotHubUnauthorized";
}
