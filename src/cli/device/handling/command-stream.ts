import { StringDecoder } from "node:string_decoder";
import { escapeText } from "../../terminal/escape.ts";
import type { OutputData } from "../../terminal/output.ts";

/** Where the output of commands goes. */
export interface CommandTarget {
  readonly isTTY: boolean;
  write(data: OutputData): Promise<void>;
}

/** One stream of a command; on a terminal made safe, although characters may come in parts. */
export class CommandStream {
  readonly #target: CommandTarget;
  readonly #decoder = new StringDecoder("utf8");

  constructor(target: CommandTarget) {
    this.#target = target;
  }

  async write(chunk: Buffer): Promise<void> {
    if (this.#target.isTTY) await this.#print(this.#decoder.write(chunk));
    else await this.#target.write(chunk);
  }

  async end(): Promise<void> {
    await this.#print(this.#decoder.end());
  }

  async #print(text: string): Promise<void> {
    if (text !== "") await this.#target.write(escapeText(text));
  }
}
