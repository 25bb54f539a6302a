/** Messages in over AMQP, out over MQTT, and acknowledged by their devices. */

import { openCloudSender } from "./cloud-sender.mjs";
import { connectAll } from "./connect-all.mjs";
import { connectMqttDevice } from "./mqtt-device.mjs";
import { Window } from "./window.mjs";

/**
 * Connects all devices; `run` sends as many messages to the receivers in turn.
 *
 * @param {{ ids: string[], receivers?: string[], window: number }} options
 */
export async function openC2dPath(address, { ids, receivers = ids, window: size }) {
  const sender = await openCloudSender(address);
  const send = (n) => sender.send(receivers[n % receivers.length], n);
  const window = new Window(size, send, sender.isReady);
  const devices = await connectAll(ids, (id) => {
    const device = connectMqttDevice(address, id, (packet) => {
      device.acknowledge(packet);
      window.arrive();
    });
    return device;
  });
  sender.onReady(window.pump);
  sender.onAccepted(window.answer);
  sender.onRefused(window.fail);
  return {
    run: (count) => window.run(count),
    close() {
      sender.close();
      for (const device of devices) device.close();
    },
  };
}
