import { viewBody } from "./body-text.ts";

/** As the hub sends it: the body in base64, if it was asked for. */
export interface EncodedBody {
  readonly contentType?: string;
  readonly body?: string;
}

export function decodeBody({ body }: EncodedBody): Buffer | undefined {
  return body === undefined ? undefined : Buffer.from(body, "base64");
}

/** The fields of a JSON line. */
export function viewEncodedBody(encoded: EncodedBody): object {
  const body = decodeBody(encoded);
  return body ? viewBody(body, encoded.contentType) : {};
}
