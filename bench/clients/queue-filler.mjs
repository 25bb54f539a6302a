import { openCloudSender } from "./cloud-sender.mjs";

/** Sends at once that are not yet answered: as many as the queue holds, or it would run empty. */
const IN_FLIGHT = 50;
const RETRY_MS = 20;

/**
 * Keeps the queue of a device full until the process ends. After a refusal it sends again once
 * `wake` is called because there may be room, and now and then without.
 */
export async function keepQueueFull(address, deviceId) {
  const sender = await openCloudSender(address);
  let sent = 0;
  let accepted = 0;
  let refused = 0;
  const send = () => {
    sent += 1;
    sender.send(deviceId, sent);
  };
  const wake = () => {
    if (refused === 0) return;
    refused -= 1;
    send();
  };
  sender.onAccepted(() => {
    accepted += 1;
    send();
  });
  sender.onRefused(() => {
    refused += 1;
  });
  setInterval(wake, RETRY_MS).unref();
  for (let index = 0; index < IN_FLIGHT; index++) send();
  return { wake, accepted: () => accepted };
}
