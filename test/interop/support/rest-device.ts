/** A device over REST, as the peer of what is tested. */

import { eventually } from "../../contract/eventually.ts";
import { callRest } from "../../contract/rest.ts";
import { DEVICE, deviceToken, type InteropHub } from "./interop-hub.ts";

export interface DeviceMessage {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** Waits for the device's next message, and completes it. */
export async function receiveOne(interop: InteropHub): Promise<DeviceMessage> {
  const token = deviceToken(interop);
  const path = `/devices/${DEVICE}/messages/devicebound`;
  const { headers, body } = await eventually(async () => {
    const reply = await callRest(interop.endpoint, { method: "GET", path, token });
    return reply.status === 200 ? reply : undefined;
  });
  const lockToken = String(headers.etag).replaceAll('"', "");
  await callRest(interop.endpoint, { method: "DELETE", path: `${path}/${lockToken}`, token });
  return { headers, body: body.toString() };
}
