import { keepQueueFull } from "../clients/queue-filler.mjs";
import { IN_MEMORY, startHub } from "./hub.mjs";

/** A hub in memory whose only device always has messages waiting. */
export async function startBusyQueue(deviceId) {
  let filler;
  const onOutput = (chunk) => {
    for (const _ of chunk.toString("latin1").matchAll(/ completed$/gm)) filler?.wake();
  };
  const hub = await startHub([...IN_MEMORY, "--device", deviceId], { onOutput });
  filler = await keepQueueFull(hub, deviceId);
  return { hub, accepted: filler.accepted };
}
