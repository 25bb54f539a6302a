/** `/devices/{id}/messages/devicebound`: a device receives its messages and settles them. */

import type { Sender } from "rhea";
import { toDeviceMessage } from "../c2d-messages.ts";
import type { GuardedLink, NodeContext } from "./node-context.ts";
import { OutgoingLink } from "./outgoing-link.ts";

export function openDeviceNode(
  sender: Sender,
  deviceId: string,
  context: NodeContext,
): GuardedLink {
  const { claims, cloudToDevice, deviceLinks, toError } = context;
  const check = (): void => void claims.authorizeDevice(deviceId);
  check();
  const device = deviceLinks.open(deviceId, (error) => link.close(toError(error)));
  const link = new OutgoingLink(sender, context, {
    onCredit: () => subscription.wake(),
    settle: (lockToken, settlement) => cloudToDevice.settle(deviceId, lockToken, settlement),
    onClose: () => {
      subscription.close();
      device.close();
    },
    toError,
  });
  const subscription = cloudToDevice.subscribe(deviceId, {
    hasCredit: () => link.hasCredit(),
    deliver: ({ entry, lockToken }) =>
      link.send(toDeviceMessage(deviceId, entry, lockToken), lockToken),
    onLockEnded: (lockToken) => link.endLock(lockToken),
    onReplaced: (error) => link.close(toError(error)),
  });
  return { check, close: (error) => link.close(error), end: () => link.end() };
}
