import { formatDuration } from "../../async/format-duration.ts";
import type { ClientErrorName } from "../../client/errors/client-error.ts";
import type { SendEvent } from "../../client/service/send-event.ts";
import { FINAL_SEND_ERRORS } from "../../client/service/sender.ts";
import type { Context } from "../program/run-program.ts";
import { escapeLine } from "../terminal/escape.ts";
import { formatJsonLine } from "../terminal/json-line.ts";

type Failure = Extract<SendEvent, { type: "failed" }>;
type Retry = Extract<SendEvent, { type: "queueFull" | "throttled" }>;

export class FailureReporter {
  readonly #context: Context;
  readonly #finalErrors: readonly ClientErrorName[];
  readonly #reported = new Set<string>();

  /** @param finalErrors End the whole run, which reports them. */
  constructor(context: Context, finalErrors = FINAL_SEND_ERRORS) {
    this.#context = context;
    this.#finalErrors = finalErrors;
  }

  /** One line per message, and the error with its hint once per device. */
  reportFailure({ index, outgoing, error }: Omit<Failure, "type">): void {
    const { reporter, flags } = this.#context;
    const { deviceId, message } = outgoing;
    const { messageId } = message.system;
    const { name } = error;
    if (flags.output === "json") {
      const line = { type: "failed", n: index, deviceId, messageId, name, message: error.message };
      reporter.data(formatJsonLine(line));
    } else {
      const which = `message ${index} to ${deviceId} (message id ${messageId ?? ""})`;
      reporter.info(escapeLine(`Failed: ${which}: ${name}: ${error.message}`));
    }
    const isOwn = !this.#finalErrors.includes(name);
    if (isOwn && this.#isNew(`${name} ${deviceId}`)) reporter.error(error);
  }

  /** In full the first time for a device, then only with `--verbose`. */
  reportRetry({ type, deviceId, retryInMs }: Retry): void {
    const { reporter } = this.#context;
    const device = escapeLine(deviceId);
    const wait = `next attempt in ${formatDuration(retryInMs)}`;
    if (!this.#isNew(`${type} ${deviceId}`)) {
      reporter.detail(`${device}: ${wait}.`);
    } else if (type === "queueFull") {
      reporter.info(`The queue of ${device} is full; waiting for room, ${wait} ...`);
    } else {
      reporter.info(`The hub is throttling messages to ${device}; ${wait} ...`);
    }
  }

  #isNew(key: string): boolean {
    const isNew = !this.#reported.has(key);
    this.#reported.add(key);
    return isNew;
  }
}
