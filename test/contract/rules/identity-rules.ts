import { randomBytes } from "node:crypto";
import { expect } from "vitest";
import type { Fixture } from "../fixture.ts";
import type { DefineRule } from "./rule.ts";

export function identityRules(rule: DefineRule): void {
  rule("a disabled device loses access at once and cannot connect again", {}, async (fixture) => {
    const session = await fixture.connect();
    await fixture.hub.registry.update(fixture.deviceId, { status: "disabled" });
    await session.shutOut();
    await expect(fixture.connect()).rejects.toThrow();
  });

  rule(
    "messages queued for a disabled device are delivered once it is enabled",
    {},
    async (fixture) => {
      const messageId = await fixture.send();
      await fixture.hub.registry.update(fixture.deviceId, { status: "disabled" });
      await fixture.hub.registry.update(fixture.deviceId, { status: "enabled" });
      const session = await fixture.connect();
      expect((await session.receive()).messageId).toBe(messageId);
    },
  );

  rule("a message to a disabled device is refused", {}, async (fixture) => {
    await fixture.hub.registry.update(fixture.deviceId, { status: "disabled" });
    expect(await fixture.trySend()).toBe("amqp:not-found");
  });

  rule("a deleted device loses access at once and cannot connect again", {}, async (fixture) => {
    const session = await fixture.connect();
    await fixture.hub.registry.delete(fixture.deviceId);
    await session.shutOut();
    await expect(fixture.connect()).rejects.toThrow();
  });

  rule("a device whose keys change loses access until it uses a new one", {}, async (fixture) => {
    const session = await fixture.connect();
    const key = await changeKeys(fixture);
    await session.shutOut();
    const messageId = await fixture.send();
    await expect(fixture.connect()).rejects.toThrow();
    fixture.useKey(key);
    const back = await fixture.connect();
    expect((await back.receive()).messageId).toBe(messageId);
  });

  rule("a device can connect with its secondary key", {}, async (fixture) => {
    const { authentication } = await fixture.hub.registry.get(fixture.deviceId);
    fixture.useKey(authentication.symmetricKey.secondaryKey);
    const session = await fixture.connect();
    const messageId = await fixture.send();
    expect((await session.receive()).messageId).toBe(messageId);
  });

  rule("a device with a wrong key is refused", {}, async (fixture) => {
    fixture.useKey(newKey());
    await expect(fixture.connect()).rejects.toThrow();
  });

  rule(
    "a device that connects again replaces its connection and gets its unsettled messages",
    { can: ["hasConnection", "canHold"] },
    async (fixture) => {
      const first = await fixture.connect();
      const held = await fixture.send();
      await first.receive();
      const second = await fixture.connect();
      await first.shutOut();
      expect((await second.receive()).messageId).toBe(held);
      const next = await fixture.send();
      expect((await second.receive()).messageId).toBe(next);
    },
  );

  rule(
    "a second connection of a device closes the first",
    { can: ["hasConnection"] },
    async (fixture) => {
      const first = await fixture.connect();
      const second = await fixture.connect();
      await first.shutOut();
      const messageId = await fixture.send();
      expect((await second.receive()).messageId).toBe(messageId);
    },
  );

  rule(
    "a recreated device has a new generation id and none of the old messages",
    {},
    async (fixture) => {
      const { registry } = fixture.hub;
      const before = await registry.get(fixture.deviceId);
      await fixture.send({ ack: "full" });
      await registry.delete(fixture.deviceId);
      const after = await registry.create(fixture.deviceId);
      expect(after.generationId).not.toBe(before.generationId);
      expect(after.cloudToDeviceMessageCount).toBe(0);
      fixture.useKey(after.authentication.symmetricKey.primaryKey);
      const session = await fixture.connect();
      const next = await fixture.send();
      expect((await session.receive()).messageId).toBe(next);
    },
  );
}

/** @returns the new primary key. */
async function changeKeys({ hub, deviceId }: Fixture): Promise<string> {
  const [primaryKey, secondaryKey] = [newKey(), newKey()];
  const authentication = { type: "sas", symmetricKey: { primaryKey, secondaryKey } };
  await hub.registry.update(deviceId, { authentication });
  return primaryKey;
}

function newKey(): string {
  return randomBytes(32).toString("base64");
}
