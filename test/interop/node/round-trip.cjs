// A device and a service in one process, with nothing but Azure's own SDKs and the variables of
// `c2d-hub env`: a message there, its feedback back, and telemetry. Arguments: the transport of each.

"use strict";
const { Message } = require("azure-iot-common");
const { Client: Device } = require("azure-iot-device");
const { Amqp, AmqpWs } = require("azure-iot-device-amqp");
const { Http } = require("azure-iot-device-http");
const { Mqtt, MqttWs } = require("azure-iot-device-mqtt");
const iothub = require("azure-iothub");

const DEVICE_TRANSPORTS = { Mqtt, MqttWs, Amqp, AmqpWs, Http };
const [deviceTransport, serviceTransport] = process.argv.slice(2);
const { IOTHUB_CONNECTION_STRING, IOTHUB_DEVICE_CONNECTION_STRING, IOTHUB_DEVICE_ID } = process.env;

const tell = (type, fields) => console.log(JSON.stringify({ type, ...fields }));

const service = iothub.Client.fromConnectionString(
  IOTHUB_CONNECTION_STRING,
  iothub[serviceTransport],
);
const device = Device.fromConnectionString(
  IOTHUB_DEVICE_CONNECTION_STRING,
  DEVICE_TRANSPORTS[deviceTransport],
);

async function main() {
  await service.open();
  const feedback = new Promise((resolve, reject) => {
    service.getFeedbackReceiver((error, receiver) => {
      if (error) reject(error);
      else receiver.on("message", ({ data }) => resolve(JSON.parse(data)));
    });
  });

  await device.open();
  const received = new Promise((resolve) => {
    device.on("message", (message) => device.complete(message, () => resolve(message)));
  });
  // It asks every 25 minutes otherwise; the promise of its options never settles.
  if (deviceTransport === "Http")
    void device.setOptions({ http: { receivePolicy: { interval: 1 } } });

  const outgoing = new Message("hello");
  outgoing.messageId = "m1";
  outgoing.ack = "full";
  await service.send(IOTHUB_DEVICE_ID, outgoing);
  const { messageId, data } = await received;
  tell("message", { messageId, body: data.toString() });
  tell("feedback", { records: await feedback });

  const telemetry = new Message('{"x":1}');
  telemetry.messageId = "t1";
  await device.sendEvent(telemetry);
  tell("telemetry");
  await device.close();
  await service.close();
}

void main();
