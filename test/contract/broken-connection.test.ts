import { connect, type TLSSocket } from "node:tls";
import { expect, it, onTestFinished } from "vitest";
import { formatSasToken } from "../../src/core/sas-token.ts";
import { AmqpPeer } from "../support/amqp-peer.ts";
import type { DeviceAccess } from "./driver.ts";
import { httpsDriver } from "./drivers/https-driver.ts";
import { eventually } from "./eventually.ts";
import { Fixture } from "./fixture.ts";
import { localTarget } from "./hub-under-test.ts";
import { tokenExpirySeconds } from "./token.ts";

/** A frame header whose size is smaller than the header itself. */
const IMPOSSIBLE_FRAME = Buffer.from("0000000109000000", "hex");

it("messages held by an AMQP connection are released when the hub closes it for an error", async () => {
  const fixture = await createFixture();
  const messageId = await fixture.send();
  const { socket, peer } = await connectOverAmqp(fixture.access);
  const receiver = await peer.openReceiver(`/devices/${fixture.deviceId}/messages/devicebound`);
  expect((await receiver.next()).message.message_id).toBe(messageId);
  await breakConnection(socket);
  // Over HTTPS: another connection of the device would release the messages anyway.
  const session = await fixture.connect();
  expect((await session.receive()).messageId).toBe(messageId);
});

it("no message is delivered to an AMQP connection that the hub closed for an error", async () => {
  const fixture = await createFixture();
  const { socket, peer } = await connectOverAmqp(fixture.access);
  await peer.openReceiver(`/devices/${fixture.deviceId}/messages/devicebound`);
  await breakConnection(socket);
  const messageId = await fixture.send();
  const session = await fixture.connect();
  expect((await session.receive()).messageId).toBe(messageId);
});

it("a device is disconnected once the hub closed its AMQP connection for an error", async () => {
  const fixture = await createFixture();
  const { socket, peer } = await connectOverAmqp(fixture.access);
  await peer.openReceiver(`/devices/${fixture.deviceId}/messages/devicebound`);
  expect((await fixture.hub.registry.get(fixture.deviceId)).connectionState).toBe("Connected");
  await breakConnection(socket);
  await eventually(async () => {
    const { connectionState } = await fixture.hub.registry.get(fixture.deviceId);
    return connectionState === "Disconnected" ? true : undefined;
  });
});

async function createFixture(): Promise<Fixture> {
  const fixture = await Fixture.create(await localTarget.open(), httpsDriver);
  onTestFinished(() => fixture.dispose());
  return fixture;
}

async function breakConnection(socket: TLSSocket): Promise<void> {
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.write(IMPOSSIBLE_FRAME);
  await closed;
}

async function connectOverAmqp({ endpoint: { host, ca }, amqpPort, deviceId, key }: DeviceAccess) {
  const socket: TLSSocket = connect({
    host,
    port: amqpPort,
    servername: host,
    ...(ca !== undefined && { ca }),
  });
  const peer = await new AmqpPeer(socket, { hostname: host }).opened();
  const resource = `${host}/devices/${deviceId}`;
  const token = formatSasToken({ resource, key, expirySeconds: tokenExpirySeconds() });
  await (await peer.openCbs()).putToken(resource, token);
  return { socket, peer };
}
