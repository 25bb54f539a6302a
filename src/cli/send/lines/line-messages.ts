import type { Readable } from "node:stream";
import { ClientError } from "../../../client/errors/client-error.ts";
import type { PlannedMessage } from "../../../client/service/send-event.ts";
import { FINAL_SEND_ERRORS } from "../../../client/service/sender.ts";
import type { Message } from "../../../core/message.ts";
import { validateContentEncoding } from "../../message/content-encoding.ts";
import { validateJsonBody } from "../../message/json-body.ts";
import type { MessageMaker } from "../../message/make-message.ts";
import type { BodyPlan } from "../../message/message-plan.ts";
import { unreadableInput } from "../../terminal/unreadable-input.ts";
import { UsageError } from "../../terminal/usage-error.ts";
import { decodeUtf8 } from "../../text/body-text.ts";
import type { MessageSource, SourceBounds } from "../messages/message-source.ts";
import { cloudToDeviceMaker } from "../messages/planned-messages.ts";
import { type Line, readLines } from "../messages/read-lines.ts";
import type { LineOptions } from "./line-options.ts";
import { MAX_LINE_BYTES, parseBodyLine } from "./parse-body-line.ts";

export interface LineInput {
  readonly stream: Readable;
  readonly deviceIds: readonly string[];
  readonly run: string;
  readonly signal: AbortSignal;
}

/** The body of a line that cannot be sent. */
const NO_BODY: BodyPlan = { type: "bytes", bytes: new Uint8Array() };

const MAX_WAITING_LINES = 1000;
const MAX_AWAITED_RECORDS = 10_000;

/** `--lines`: one message for each line and device, as the lines come. */
export class LineMessages implements MessageSource {
  readonly #options: LineOptions;
  readonly #input: LineInput;
  readonly #make: MessageMaker;
  #planned = 0;
  #hasEnded = false;

  constructor(options: LineOptions, input: LineInput) {
    this.#options = options;
    this.#input = input;
    this.#make = cloudToDeviceMaker(options.message);
  }

  get total(): number | undefined {
    return this.#hasEnded ? this.#planned : undefined;
  }

  get planned(): number {
    return this.#planned;
  }

  get bounds(): SourceBounds {
    const isOnlyDevice = new Set(this.#input.deviceIds).size === 1;
    // A lost connection is reopened.
    const finalErrors = FINAL_SEND_ERRORS.filter((name) => name !== "ConnectionLost");
    return {
      backlogSize: Number.POSITIVE_INFINITY,
      deviceBacklogSize: MAX_WAITING_LINES,
      awaited: MAX_AWAITED_RECORDS,
      finalErrors: isOnlyDevice ? [...finalErrors, "DeviceNotFound"] : finalErrors,
    };
  }

  reportSkipped(): void {}

  /** @throws UsageError if stdin cannot be read. */
  async *all(): AsyncGenerator<PlannedMessage> {
    for await (const { bytes } of this.#lines()) {
      const body = parseBodyLine(bytes, this.#options.form);
      if (body !== undefined) yield* this.#toAll(body);
    }
    this.#hasEnded = true;
  }

  *#toAll(body: BodyPlan | ClientError): Generator<PlannedMessage> {
    const { deviceIds, run } = this.#input;
    const first = this.#planned;
    this.#planned += deviceIds.length;
    for (const [device, deviceId] of deviceIds.entries()) {
      const instance = { n: first + device, deviceId, run };
      yield body instanceof ClientError
        ? { deviceId, make: () => this.#make(at(instance), NO_BODY), refuse: () => body }
        : { deviceId, make: () => this.#make(at(instance), body), refuse: this.#refusalOf };
    }
  }

  /** What would end a run with one body is one failed message here. */
  readonly #refusalOf = (message: Message): ClientError | undefined => {
    const { contentEncoding } = message.system;
    const isText = this.#options.form.encoding === "utf8";
    try {
      validateJsonBody(message);
      if (isText && contentEncoding !== undefined && contentEncoding !== "utf-8") {
        validateContentEncoding(contentEncoding, decodeUtf8(message.body) ?? "");
      }
      return undefined;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      return new ClientError("ArgumentInvalid", error.message, { hint: error.hint });
    }
  };

  async *#lines(): AsyncGenerator<Line> {
    const { stream, signal } = this.#input;
    try {
      yield* readLines(stream, MAX_LINE_BYTES, signal);
    } catch (error) {
      throw unreadableLines(error);
    }
  }
}

export function unreadableLines(error: unknown): unknown {
  return unreadableInput("--lines", "stdin", error, "Pipe lines into it.");
}

function at<T>(instance: T): T & { readonly nowMs: number } {
  return { nowMs: Date.now(), ...instance };
}
