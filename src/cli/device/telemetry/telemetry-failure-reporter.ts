import { formatDuration } from "../../../async/format-duration.ts";
import type { TelemetryEvent } from "../../../client/device/telemetry-event.ts";
import type { Context } from "../../program/run-program.ts";
import { escapeLine } from "../../terminal/escape.ts";
import { exitCodeOf } from "../../terminal/exit-code.ts";

type EventOf<T extends TelemetryEvent["type"]> = Extract<TelemetryEvent, { type: T }>;

export class TelemetryFailureReporter {
  readonly #context: Context;
  readonly #reported = new Set<string>();

  constructor(context: Context) {
    this.#context = context;
  }

  reportSent(event: EventOf<"sent">): void {
    const { reporter } = this.#context;
    if (event.isRepeated) reporter.info(`Resending ${which(event)}; the hub may already have it`);
    else reporter.detail(`Sending ${which(event)}`);
  }

  /** In JSON, one error line per message; in text, in full only the first time. */
  reportFailure(event: EventOf<"failed">): void {
    const { reporter, flags } = this.#context;
    const { error } = event;
    const { name, hint } = error;
    if (flags.output === "text" && !this.#isNew(name)) {
      reporter.info(`Refused: ${which(event)}: ${name}`);
      return;
    }
    const message = `${which(event)}: ${error.message}`;
    reporter.report({ code: exitCodeOf(error), name, message, hint });
  }

  /** In full the first time, then only with `--verbose`. */
  reportThrottled(event: EventOf<"throttled">): void {
    const { reporter } = this.#context;
    const wait = formatDuration(event.retryInMs);
    if (this.#isNew(event.error.name)) {
      reporter.info(`${escapeLine(event.error.message)} Retrying in ${wait} ...`);
    } else {
      reporter.detail(`${which(event)}: retrying in ${wait}.`);
    }
  }

  #isNew(name: string): boolean {
    const isNew = !this.#reported.has(name);
    this.#reported.add(name);
    return isNew;
  }
}

function which({ index, message }: TelemetryEvent): string {
  return escapeLine(`message ${index} (message id ${message.system.messageId ?? ""})`);
}
