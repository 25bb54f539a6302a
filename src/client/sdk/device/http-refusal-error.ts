/** An HTTP error response, kept whole. */

import type { HttpAnswer } from "./http-device-base.ts";

/** The hub responded with an error status. */
export class HttpRefusalError extends Error {
  override readonly name = "HttpRefusalError";
  readonly answer: HttpAnswer;

  constructor(answer: HttpAnswer, cause: Error) {
    super(`The hub responded with status ${answer.status}.`, { cause });
    this.answer = answer;
  }
}
