import { describe, expect, it } from "vitest";
import { createTestHub, devicebound, HOST, type TestHub } from "../support/test-hub.ts";

const UNAUTHORIZED = { condition: "amqp:unauthorized-access" };

/** A token signed with the device's key for the resource of the hub. */
function hubToken(hub: TestHub, deviceId = "device1"): string {
  return hub.deviceToken(deviceId, { resource: HOST });
}

function receiveOverHttps(hub: TestHub, deviceId: string, token: string) {
  return hub.https("GET", `/devices/${deviceId}/messages/devicebound`, token);
}

// Rule sas-hub-subject: a Go SDK creates such tokens.
describe("a device's token whose resource is the hub", () => {
  it("opens MQTT connections of that device only", async () => {
    const hub = await createTestHub();
    const password = Buffer.from(hubToken(hub));
    const { connack, peer } = await hub.connectDevice("device1", { password });
    expect(connack.returnCode).toBe(0);
    await hub.send({ messageId: "m1" });
    await peer.subscribe(devicebound());
    expect((await peer.nextPublish()).topic).toContain("m1");
    const other = await hub.connectDevice("device2", { password });
    expect(other.connack.returnCode).toBe(5);
  });

  it("works as a SASL PLAIN password, for links of that device only", async () => {
    const hub = await createTestHub();
    await hub.send({ messageId: "m1" });
    const peer = await hub
      .amqp({ username: `device1@sas.${HOST}`, password: hubToken(hub) })
      .opened();
    const receiver = await peer.openReceiver("/devices/device1/messages/devicebound");
    expect((await receiver.next()).message.message_id).toBe("m1");
    for (const address of [
      "/devices/device2/messages/devicebound",
      "/messages/servicebound/feedback",
    ])
      await expect(peer.openReceiver(address)).rejects.toMatchObject(UNAUTHORIZED);
    await expect(peer.openSender("/messages/devicebound")).rejects.toMatchObject(UNAUTHORIZED);
  });

  it.each([
    ["another device", `device2@sas.${HOST}`],
    ["a policy", `iothubowner@sas.root.${HOST}`],
  ])("is not accepted as the password of %s", async (_whose, username) => {
    const hub = await createTestHub();
    const peer = hub.amqp({ username, password: hubToken(hub) });
    await peer.closed;
    expect(peer.connection.is_open()).toBe(false);
  });

  it("can be put for the device over CBS, for links of that device only", async () => {
    const hub = await createTestHub();
    const peer = await hub.amqp().opened();
    const cbs = await peer.openCbs();
    const put = await cbs.putToken(`${HOST}/devices/device1`, hubToken(hub));
    expect(put.application_properties).toMatchObject({ "status-code": 200 });
    await peer.openReceiver("/devices/device1/messages/devicebound");
    await peer.openSender("/devices/device1/messages/events");
    await expect(peer.openReceiver("/devices/device2/messages/devicebound")).rejects.toMatchObject(
      UNAUTHORIZED,
    );
    await expect(peer.openSender("/messages/devicebound")).rejects.toMatchObject(UNAUTHORIZED);
  });

  it.each([HOST, `${HOST}/devices/device2`, `sb://${HOST}/messages`, `${HOST}/messages/device1`])(
    "cannot be put for %s over CBS",
    async (audience) => {
      const hub = await createTestHub();
      const cbs = await (await hub.amqp().opened()).openCbs();
      const put = await cbs.putToken(audience, hubToken(hub));
      expect(put.application_properties).toMatchObject({ "status-code": 401 });
    },
  );

  it("authorizes HTTPS requests of that device only", async () => {
    const hub = await createTestHub();
    expect((await receiveOverHttps(hub, "device1", hubToken(hub))).status).toBe(204);
    expect((await receiveOverHttps(hub, "device2", hubToken(hub))).status).toBe(401);
  });

  it.each([
    ["GET", "/devices"],
    ["GET", "/devices/device1"],
    ["DELETE", "/devices/device1"],
    ["DELETE", "/devices/device1/commands"],
    ["GET", "/messages/serviceBound/feedback"],
    ["POST", "/devices/query"],
  ])("does not authorize %s %s", async (method, path) => {
    const hub = await createTestHub();
    expect((await hub.https(method, path, hubToken(hub))).status).toBe(401);
  });

  it("becomes invalid when its key is replaced", async () => {
    const hub = await createTestHub();
    const token = hubToken(hub);
    await hub.registry.update(
      "device1",
      { authentication: { type: "sas", primaryKey: "", secondaryKey: "" } },
      "*",
    );
    expect((await receiveOverHttps(hub, "device1", token)).status).toBe(401);
  });
});
