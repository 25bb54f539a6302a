/** An HTTP answer that is a refusal, kept whole. */

import type { HttpAnswer } from "./http-device-base.ts";

/** The hub answered with a refusal. */
export class HttpRefusalError extends Error {
  override readonly name = "HttpRefusalError";
  readonly answer: HttpAnswer;

  constructor(answer: HttpAnswer, cause: Error) {
    super(`The hub responded with status ${answer.status}.`, { cause });
    this.answer = answer;
  }
}
