import type { HttpAnswer } from "./http-device-base.ts";

export class HttpRefusalError extends Error {
  override readonly name = "HttpRefusalError";
  readonly answer: HttpAnswer;

  constructor(answer: HttpAnswer, cause: Error) {
    super(`The hub responded with status ${answer.status}.`, { cause });
    this.answer = answer;
  }
}
