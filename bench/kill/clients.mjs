/** Clients that use the hub while it is killed. Each is one session, which resolves when its connection ends. */

import { setTimeout as delay } from "node:timers/promises";
import rhea from "rhea";
import { connectService } from "../clients/amqp-service.mjs";
import { createHttpsClient } from "../clients/https-client.mjs";
import { connectMqttDevice, messageIdOf } from "../clients/mqtt-device.mjs";

export const HTTPS_DEVICE = "over-https";
export const MQTT_DEVICE = "over-mqtt";

const SEND_WINDOW = 20;
const MAX_EXTRA_DEVICES = 50;

/** Runs the session repeatedly, against the current hub, until the end. */
export async function keepRunning(host, ledger, session) {
  while (!host.isOver) {
    const address = await host.address();
    if (address === undefined) return;
    const error = await session(address).catch((reason) => reason);
    if (host.isAt(address)) ledger.report(`a running hub ended a connection: ${error ?? ""}`);
  }
}

/** Sends messages that request full feedback, to one device. */
export function senderTo(deviceId, host, ledger) {
  let number = 0;
  return async (address) => {
    const { connection, ended, close } = connectService(address);
    const pending = new Map();
    const sender = connection.open_sender("/messages/devicebound");
    const pump = () => {
      while (sender.sendable() && pending.size < SEND_WINDOW && !host.isDraining) {
        number += 1;
        const id = `${deviceId}-${number}`;
        pending.set(sender.send(toMessage(deviceId, id)), id);
      }
    };
    sender.on("sendable", pump);
    sender.on("accepted", ({ delivery }) => {
      ledger.accept(pending.get(delivery), deviceId);
      pending.delete(delivery);
      pump();
    });
    sender.on("rejected", async ({ delivery }) => {
      const { condition } = delivery.remote_state.error ?? {};
      if (condition === "amqp:resource-limit-exceeded") ledger.counts.refused += 1;
      else ledger.report(`a send was refused: ${condition}`);
      // A full queue: the device needs time, not more messages.
      await delay(10);
      pending.delete(delivery);
      pump();
    });
    await Promise.race([ended, host.over]);
    ledger.counts.uncertainSends += pending.size;
    close();
  };
}

function toMessage(deviceId, id) {
  return {
    to: `/devices/${deviceId}/messages/devicebound`,
    message_id: id,
    application_properties: { "iothub-ack": "full" },
    body: rhea.message.data_section(Buffer.from(id)),
  };
}

/** Polls, and settles in all ways; a 204 means that the settlement is stored. */
export function httpsDevice(host, ledger) {
  const path = `/devices/${HTTPS_DEVICE}/messages/devicebound`;
  return async (address) => {
    const { call, close } = createHttpsClient(address);
    try {
      while (!host.isOver) {
        const { status, headers, body } = await call("GET", path);
        if (status === 204) {
          await delay(5);
          continue;
        }
        const id = headers["iothub-messageid"];
        ledger.deliver(id, HTTPS_DEVICE, body.toString());
        const lock = headers.etag.replaceAll('"', "");
        await settle(call, `${path}/${lock}`, id, ledger);
      }
    } finally {
      close();
    }
  };
}

async function settle(call, path, id, ledger) {
  const chance = Math.random();
  if (chance < 0.06) {
    await call("POST", `${path}/abandon`);
    return;
  }
  const isRejecting = chance < 0.14;
  const { status } = await rejectOrComplete(call, path, isRejecting);
  if (status === 204) ledger.settle(id, isRejecting ? "Rejected" : "Success");
  else if (status === 412) ledger.counts.lateSettlements += 1;
  else ledger.report(`a settlement was answered with ${status}`);
}

function rejectOrComplete(call, path, isRejecting) {
  return isRejecting ? call("DELETE", `${path}?reject=`) : call("DELETE", path);
}

/** Acknowledges most messages; the rest are redelivered over the next connection. */
export function mqttDevice(host, ledger) {
  let hasSession = false;
  return async (address) => {
    const device = connectMqttDevice(address, MQTT_DEVICE, (packet) => {
      ledger.deliver(messageIdOf(packet), MQTT_DEVICE, packet.payload.toString());
      if (host.isDraining || Math.random() < 0.97) device.acknowledge(packet);
    });
    const ready = device.ready.then((isPresent) => {
      if (hasSession && !isPresent) ledger.report("the device's MQTT session is lost");
      hasSession = true;
    });
    await Promise.race([device.ended, host.over]);
    void ready;
    device.close();
  };
}

/** Settles batches in second mode, so that the hub confirms; leaves or releases some. */
export function feedbackReader(host, ledger) {
  return async (address) => {
    const { connection, ended, close } = connectService(address);
    const receiver = connection.open_receiver({
      source: "/messages/serviceBound/feedback",
      rcv_settle_mode: 1,
      autoaccept: false,
      autosettle: false,
      credit_window: 10,
    });
    const pending = new Map();
    const inItsOwnTick = createTurns();
    receiver.on("message", ({ message, delivery }) => {
      const records = JSON.parse(message.body.content.toString());
      for (const record of records) ledger.record(record);
      const chance = host.isDraining ? 1 : Math.random();
      if (chance < 0.05) return;
      if (chance < 0.1) {
        inItsOwnTick(() => delivery.release({ delivery_failed: true }));
        return;
      }
      pending.set(delivery, records);
      inItsOwnTick(() => delivery.update(false, rhea.message.accepted().described()));
    });
    receiver.on("settled", ({ delivery }) => {
      const records = pending.get(delivery);
      pending.delete(delivery);
      const isRefused = delivery.remote_state?.error !== undefined;
      if (records !== undefined && !isRefused) ledger.echo(records);
      delivery.update(true);
    });
    await Promise.race([ended, host.over]);
    close();
  };
}

/** rhea gives deliveries that are settled in one tick the outcome of the first. */
function createTurns() {
  let last = Promise.resolve();
  return (run) => {
    last = last.then(() => new Promise((resolve) => setImmediate(resolve))).then(run);
  };
}

/** Creates devices and deletes some. */
export function registrar(host, ledger) {
  let number = 0;
  return async (address) => {
    const { call, close } = createHttpsClient(address);
    try {
      while (!host.isOver) {
        if (!host.isDraining) await createOrDelete(call, ledger, () => ++number);
        await delay(10);
      }
    } finally {
      close();
    }
  };
}

async function createOrDelete(call, ledger, nextNumber) {
  if (ledger.devices.size > MAX_EXTRA_DEVICES) {
    const [deviceId] = [...ledger.devices.keys()].filter((id) => id.startsWith("extra"));
    ledger.releaseDevice(deviceId);
    await call("DELETE", `/devices/${deviceId}`, { headers: { "if-match": "*" } });
    return;
  }
  await createDevice(call, ledger, `extra-${nextNumber()}`);
}

/** Rejects unless the hub confirms the device. */
export async function createDevice(call, ledger, deviceId) {
  const { status, body } = await call("PUT", `/devices/${deviceId}`, { json: { deviceId } });
  if (status !== 200) throw new Error(`${deviceId} was not created: ${status}`);
  const { symmetricKey } = JSON.parse(body.toString()).authentication;
  ledger.keepDevice(deviceId, symmetricKey.primaryKey);
}
