/** Five minutes in a house, on a hub whose clock is advanced by hand. */

import device from "azure-iot-device";
import amqp from "azure-iot-device-amqp";
import mqtt from "azure-iot-device-mqtt";

const SECOND_MS = 1000;
const SECONDS = 300;
export const HISTORY_MS = SECONDS * SECOND_MS;

export const DEVICES = [
  "blinds-south",
  "door-garage",
  "gate-north",
  "heater-bath",
  "lamp-hall",
  "meter-main",
  "pump-3",
  "sensor-roof",
  "thermostat-kitchen",
  "valve-garden",
];

const [LAMP, KITCHEN, ROOF, GATE, PUMP, VALVE, HEATER, BLINDS] = [
  "lamp-hall",
  "thermostat-kitchen",
  "sensor-roof",
  "gate-north",
  "pump-3",
  "valve-garden",
  "heater-bath",
  "blinds-south",
];

/** @returns disconnects the devices. */
export async function play(hub, clock) {
  const clients = {
    [LAMP]: await connect(hub, LAMP, amqp.Amqp),
    [KITCHEN]: await connect(hub, KITCHEN, mqtt.Mqtt),
    [ROOF]: await connect(hub, ROOF, mqtt.Mqtt),
    [BLINDS]: await connect(hub, BLINDS, amqp.Amqp),
  };
  const handled = settling(hub);
  for (const id of [LAMP, KITCHEN, BLINDS]) {
    clients[id].on("message", (message) => void clients[id].complete(message));
  }
  for (let second = 0; second < SECONDS; second += 1) {
    clock.advance(SECOND_MS);
    await report(clients, second);
    for (let n = scenesIn(second); n > 0; n -= 1) await handled(sendScene(hub, second + n));
    await SCENES[second]?.(hub, clients, handled, clock);
  }
  return async () => {
    for (const client of Object.values(clients)) await client.close();
  };
}

/** What happens once, by the second. */
const SCENES = {
  100: async (hub) => {
    for (let n = 0; n < 14; n += 1) {
      await hub.send(HEATER, { messageId: `boost-${n + 10}`, body: { boostMinutes: 5 + n } });
    }
  },
  175: (hub, _clients, _handled, clock) =>
    hub.send(HEATER, {
      messageId: "boost-9",
      body: { boostMinutes: 20 },
      ack: "negative",
      expiryTimeUtcMs: clock.nowMs() + 60 * SECOND_MS,
    }),
  185: async (hub) => {
    await hub.send(PUMP, { messageId: "calibrate-2", body: "calibrate now", ack: "full" });
    for (let count = 0; count < 3; count += 1) {
      await receive(hub, PUMP, (client, message) => client.abandon(message));
    }
  },
  203: async (hub) => {
    await hub.send(PUMP, { messageId: "mode-turbo", body: { mode: "turbo" }, ack: "full" });
    await receive(hub, PUMP, (client, message) => client.reject(message));
  },
  225: async (hub, clients, _handled, clock) => {
    const body = { command: "open", holdSeconds: 30, requestedBy: "front-desk" };
    await hub.send(GATE, {
      messageId: "open-gate-42",
      correlationId: "visit-2207",
      body,
      properties: { priority: "high", source: "intercom" },
      ack: "full",
    });
    clock.advance(400);
    clients[GATE] = await connectReceiver(hub, GATE);
  },
  229: (_hub, clients) => clients[GATE].close(),
  241: async (hub, clients) => {
    clients[GATE] = await connectReceiver(hub, GATE);
  },
  244: (_hub, clients) => clients[GATE].close(),
  262: async (hub) => {
    for (const litres of [40, 25, 10]) {
      await hub.send(VALVE, { messageId: `water-${litres}`, body: { litres } });
    }
    await hub.send(PUMP, { messageId: "flush-1", body: { flush: true } });
    await hub.send(PUMP, { messageId: "flush-2", body: { flush: true, seconds: 12 } });
  },
  285: async (hub, clients) => {
    clients[VALVE] = await connectReceiver(hub, VALVE);
  },
  290: (hub, _clients, handled) =>
    handled(
      hub.send(KITCHEN, {
        messageId: "setpoint-118",
        correlationId: "schedule-evening",
        userId: "anna",
        body: { setpoint: 21.5, unit: "C", until: "22:30", zones: ["table", "window"] },
        properties: { room: "kitchen", origin: "schedule" },
        ack: "full",
      }),
    ),
};

/** Many at first; few at the end, so that the special ones stand at the top of the list. */
function scenesIn(second) {
  if (second < 165) return Math.max(0, Math.round(2 + 3 * Math.sin(second / 17)));
  return second % 21 === 0 ? 1 : 0;
}

function sendScene(hub, second) {
  const isLamp = second % 2 === 0;
  return hub.send(isLamp ? LAMP : KITCHEN, {
    messageId: isLamp ? `scene-${second}` : `setpoint-${second}`,
    body: isLamp ? { scene: "evening", fade: second % 9 } : { setpoint: 19 + (second % 5) / 2 },
    ...(second % 3 === 0 && { ack: "full" }),
  });
}

/** Sends wait until the device has completed them, so that the clock stands still meanwhile. */
function settling(hub) {
  return async (sending) => {
    const settled = hub.waitFor("settled");
    await sending;
    await settled;
  };
}

async function report(clients, second) {
  const count = Math.round(6 + 4 * Math.sin(second / 24) + (second % 3));
  for (let n = 0; n < count; n += 1) {
    const isRoof = n % 3 > 0;
    const id = isRoof ? ROOF : KITCHEN;
    const body = isRoof
      ? { windSpeed: round(7 + 3 * Math.sin((second + n) / 40)), gust: round(11 + n / 7) }
      : { temperature: round(20.5 + Math.sin(second / 60)), humidity: 41 + (second % 4) };
    const message = new device.Message(JSON.stringify(body));
    message.messageId = `${isRoof ? "wind" : "climate"}-${second}-${n}`;
    message.contentType = "application/json";
    message.contentEncoding = "utf-8";
    message.properties.add("sensor", isRoof ? "anemometer" : "dht22");
    await clients[id].sendEvent(message);
  }
}

function round(value) {
  return Math.round(value * 10) / 10;
}

/** Settles nothing. */
async function connectReceiver(hub, deviceId) {
  const client = await connect(hub, deviceId, amqp.Amqp);
  await new Promise((resolve) => client.on("message", resolve));
  return client;
}

/** Connects, lets the device do something with one message, and disconnects. */
async function receive(hub, deviceId, settle) {
  const client = await connect(hub, deviceId, amqp.Amqp);
  // The SDK ends the link with its last listener.
  const message = await new Promise((resolve) => client.on("message", resolve));
  await settle(client, message);
  await client.close();
}

async function connect(hub, deviceId, transport) {
  const client = device.Client.fromConnectionString(
    hub.deviceConnectionString(deviceId),
    transport,
  );
  await client.open();
  return client;
}
