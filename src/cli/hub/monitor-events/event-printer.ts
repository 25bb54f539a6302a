import type { ReceivedEvent } from "../../../client/events/received-event.ts";
import type { OutputFormat } from "../../program/output-format.ts";
import type { Io } from "../../terminal/io.ts";
import type { Output } from "../../terminal/output.ts";
import { separate } from "../../terminal/paragraph.ts";
import type { Reporter } from "../../terminal/reporter.ts";
import {
  createEventFormat,
  describeGap,
  type EventFormat,
  type EventGap,
  formatGapJson,
} from "./event-format.ts";

export interface EventPrinterOptions extends Pick<Io, "stdout" | "env"> {
  readonly isColorDisabled: boolean;
  readonly reporter: Reporter;
}

export class EventPrinter {
  readonly #type: OutputFormat["type"];
  readonly #stdout: Output;
  readonly #reporter: Reporter;
  readonly #format: EventFormat;

  constructor(format: OutputFormat, options: EventPrinterOptions) {
    const { stdout, env, isColorDisabled: isDisabled, reporter } = options;
    this.#type = format.type;
    this.#stdout = stdout;
    this.#reporter = reporter;
    this.#format = createEventFormat(format, { isTTY: stdout.isTTY, env, isDisabled });
  }

  async printEvent(event: ReceivedEvent, n: number): Promise<void> {
    const formatted = this.#format(event, n);
    const isBlock = this.#type === "text" && typeof formatted === "string";
    await this.#stdout.write(isBlock ? separate(formatted, this.#stdout) : formatted);
  }

  /** Among the events where their reader can tell it from them. */
  async printGap(gap: EventGap): Promise<void> {
    if (this.#type === "json") {
      await this.#stdout.write(formatGapJson(gap));
    } else if (this.#type === "text") {
      await this.#stdout.write(separate(`(${describeGap(gap)})\n`, this.#stdout));
    } else {
      this.#reporter.warn(describeGap(gap));
    }
  }
}
