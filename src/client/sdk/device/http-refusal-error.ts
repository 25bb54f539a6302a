import type { IncomingMessage } from "node:http";
import { type HttpAnswer, toHttpAnswer } from "./http-device-base.ts";

export class HttpRefusalError extends Error {
  override readonly name = "HttpRefusalError";
  readonly answer: HttpAnswer;

  constructor(answer: HttpAnswer, cause: Error) {
    super(`The hub responded with status ${answer.status}.`, { cause });
    this.answer = answer;
  }
}

type SdkError = Error & { readonly response?: IncomingMessage; readonly responseBody?: Buffer };

/** The refusal, if the SDK's error carries an answer of the hub; else the error itself. */
export function toHttpError(error: Error): Error {
  const { response, responseBody }: SdkError = error;
  if (!response || !responseBody) return error;
  return new HttpRefusalError(toHttpAnswer(response, responseBody), error);
}
