import { text } from "node:stream/consumers";
import { Deadline } from "../../async/deadline.ts";
import type { ClientError } from "../../client/errors/client-error.ts";
import type { HubDescription } from "../../hub/home/home.ts";
import { ANSWER_TIMEOUT_MS, notResponding, send, toError, unreachable } from "./hub-request.ts";

export interface LineOptions {
  /** Of a response, and of the next line unless the hub may be silent. */
  readonly timeoutMs: number;
  readonly mayBeSilent: boolean;
  readonly signal: AbortSignal;
}

/**
 * The lines of JSON of a response, those together that came together, until its end or the signal.
 *
 * @throws ClientError, also from the generator.
 */
export async function openLines<T>(
  hub: HubDescription,
  path: string,
  { timeoutMs, mayBeSilent, signal }: LineOptions,
): Promise<AsyncGenerator<readonly T[]>> {
  const hung = new AbortController();
  const deadline = new Deadline(() => hung.abort());
  const explain = (cause: unknown): ClientError =>
    hung.signal.aborted ? notResponding(hub, cause) : unreachable(hub, cause);
  const limitMs = Math.min(timeoutMs, ANSWER_TIMEOUT_MS);
  deadline.start(limitMs);
  const either = AbortSignal.any([hung.signal, signal]);
  const response = await send(hub, { method: "GET", path, signal: either })
    .catch((cause: unknown) => {
      signal.throwIfAborted();
      throw explain(cause);
    })
    .finally(() => deadline.cancel());
  if (response.statusCode !== 200) {
    throw toError({ status: response.statusCode ?? 0, body: await text(response) });
  }
  async function* read(): AsyncGenerator<readonly T[]> {
    const parser = new LineParser<T>();
    const chunks = response.setEncoding("utf8")[Symbol.asyncIterator]();
    try {
      for (;;) {
        if (!mayBeSilent) deadline.start(limitMs);
        const { value, done } = await chunks.next();
        deadline.cancel();
        if (done) return;
        const values = parser.add(value as string);
        if (values.length > 0) yield values;
      }
    } catch (cause) {
      if (!signal.aborted) throw explain(cause);
    } finally {
      deadline.cancel();
      response.destroy();
    }
  }
  return read();
}

class LineParser<T> {
  /** Of a line that has not ended. */
  #parts: string[] = [];

  add(chunk: string): T[] {
    const [first = "", ...lines] = chunk.split("\n");
    this.#parts.push(first);
    if (lines.length === 0) return [];
    const whole = [this.#parts.join(""), ...lines.slice(0, -1)];
    this.#parts = [lines.at(-1) ?? ""];
    return whole.map((line) => JSON.parse(line) as T);
  }
}
