/** Fills the queue of one device over AMQP, then drains it over AMQP, without reconnecting. */

import { once } from "node:events";
import { connectService } from "./amqp-service.mjs";
import { openCloudSender } from "./cloud-sender.mjs";
import { Window } from "./window.mjs";

const WINDOW = 256;

/** `run` sends as many messages, `depth` at a time, each time receiving them all before it goes on. */
export async function openQueuePath(address, deviceId, depth) {
  const fill = await openFill(address, deviceId);
  const drain = await openDrain(address, deviceId);
  return {
    async run(count) {
      for (let done = 0; done < count; done += depth) {
        await fill.run(depth);
        await drain.run(depth);
      }
    },
    close() {
      fill.close();
      drain.close();
    },
  };
}

async function openFill(address, deviceId) {
  const sender = await openCloudSender(address);
  const window = new Window(WINDOW, (n) => sender.send(deviceId, n), sender.isReady);
  sender.onReady(window.pump);
  sender.onAccepted(() => {
    window.arrive();
    window.answer();
  });
  sender.onRefused(window.fail);
  return { run: (count) => window.run(count), close: sender.close };
}

/** A device that accepts what it gets, with credit for `WINDOW` messages. */
async function openDrain(address, deviceId) {
  const { connection, close } = connectService(address);
  const receiver = connection.open_receiver({
    source: `/devices/${deviceId}/messages/devicebound`,
    credit_window: 0,
    autoaccept: false,
  });
  await once(receiver, "receiver_open");
  const window = new Window(WINDOW, () => receiver.add_credit(1));
  receiver.on("message", ({ delivery }) => {
    delivery.accept();
    window.arrive();
    window.answer();
  });
  return { run: (count) => window.run(count), close };
}
