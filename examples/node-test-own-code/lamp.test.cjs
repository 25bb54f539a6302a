/** Tests your own device and service against a hub inside the test: node --test */
"use strict";
const assert = require("node:assert/strict");
const { afterEach, beforeEach, test } = require("node:test");
const { LampDevice } = require("./lamp-device.cjs");
const { switchLamp } = require("./switch-lamp.cjs");

let hub;

beforeEach(async () => {
  const { startLocalHub } = await import("c2d-tools");
  hub = await startLocalHub({ devices: ["lamp"] });
  hub.trust();
});

afterEach(() => hub.stop());

test("the device: a connected lamp is switched on", async () => {
  const lamp = new LampDevice(hub.deviceConnectionString("lamp"));
  await lamp.connect();
  const settled = hub.waitFor("settled");
  await hub.send("lamp", { body: { isOn: true } });
  await settled;
  assert.equal(lamp.isOn, true);
  await lamp.disconnect();
});

test("the service: the message is in the lamp's queue", async () => {
  await switchLamp(hub.connectionString, "lamp", true);
  const [message] = hub.queue("lamp");
  assert.equal(message.messageId, "switch-on");
  assert.deepEqual(JSON.parse(Buffer.from(message.body)), { isOn: true });
});
