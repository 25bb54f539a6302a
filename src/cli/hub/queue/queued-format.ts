import type { QueuedMessage } from "../../../hub/model/queued-message.ts";
import { escapeLine } from "../../terminal/escape.ts";
import { formatJsonLine } from "../../terminal/json-line.ts";
import { formatCount } from "../../text/count.ts";
import { decodeBody, type EncodedBody, viewEncodedBody } from "../../text/encoded-body.ts";
import { renderBody } from "../../text/message-text.ts";

/** As the hub sends it. */
export interface QueuedLine extends EncodedBody, QueuedMessage {
  readonly deviceId: string;
}

export function formatQueued(line: QueuedLine, isJson: boolean): string {
  const { contentType: _, body: __, ...queued } = line;
  if (isJson) return formatJsonLine({ type: "queued", ...queued, ...viewEncodedBody(line) });
  const body = decodeBody(line);
  const rows = [escapeLine(describe(line)), ...(body ? renderBody(body) : [])];
  return `${rows.join("\n")}\n`;
}

function describe(line: QueuedLine): string {
  const { deviceId, sequenceNumber, messageId, lockedUntilUtc, deliveryCount, bytes } = line;
  const name = `${deviceId} #${sequenceNumber}${messageId ? ` ${messageId}` : ""}`;
  const state = lockedUntilUtc ? `invisible until ${lockedUntilUtc}` : "enqueued";
  const abandoned = deliveryCount > 0 ? `, delivery count ${deliveryCount}` : "";
  const size = formatCount(bytes, "byte");
  return `${name} ${state}${abandoned}, ${size}, expires ${line.expiryTimeUtc}`;
}
