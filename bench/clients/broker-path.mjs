/** Messages in and out of an MQTT broker at QoS 1: published by one client, acknowledged by others. */

import { connectAll } from "./connect-all.mjs";
import { connectMqtt } from "./mqtt-client.mjs";
import { Window } from "./window.mjs";

const BODY = Buffer.alloc(100, "x");

export async function openBrokerPath(address, { ids, window: size }) {
  const subscribers = await connectAll(ids, (id) => {
    const session = { clientId: id, clean: true, topic: topicOf(id) };
    const client = connectMqtt(address, session, {
      onPublish(packet) {
        client.acknowledge(packet);
        window.arrive();
      },
    });
    return client;
  });
  const publish = (n) => publisher.publish(topicOf(ids[n % ids.length]), BODY);
  const window = new Window(size, publish);
  const session = { clientId: "publisher", clean: true };
  const publisher = connectMqtt(address, session, { onAnswer: window.answer });
  await publisher.ready;
  return {
    run: (count) => window.run(count),
    close() {
      for (const client of [publisher, ...subscribers]) client.close();
    },
  };
}

function topicOf(id) {
  return `devices/${id}/messages`;
}
