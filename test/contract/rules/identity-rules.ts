import { randomBytes } from "node:crypto";
import { expect } from "vitest";
import type { Stage } from "../stage.ts";
import type { DefineRule } from "./rule.ts";

export function identityRules(rule: DefineRule): void {
  rule("a device that is disabled is shut out at once and stays out", {}, async (stage) => {
    const session = await stage.connect();
    await stage.hub.registry.update(stage.deviceId, { status: "disabled" });
    await session.shutOut();
    await expect(stage.connect()).rejects.toThrow();
  });

  rule("what waited for a disabled device comes once it is enabled", {}, async (stage) => {
    const messageId = await stage.send();
    await stage.hub.registry.update(stage.deviceId, { status: "disabled" });
    await stage.hub.registry.update(stage.deviceId, { status: "enabled" });
    const session = await stage.connect();
    expect((await session.receive()).messageId).toBe(messageId);
  });

  rule("a message for a disabled device is refused", {}, async (stage) => {
    await stage.hub.registry.update(stage.deviceId, { status: "disabled" });
    expect(await stage.trySend()).toBe("amqp:not-found");
  });

  rule("a device that is deleted is shut out at once and stays out", {}, async (stage) => {
    const session = await stage.connect();
    await stage.hub.registry.delete(stage.deviceId);
    await session.shutOut();
    await expect(stage.connect()).rejects.toThrow();
  });

  rule(
    "a device whose keys are changed is shut out until it has the new one",
    {},
    async (stage) => {
      const session = await stage.connect();
      const key = await changeKeys(stage);
      await session.shutOut();
      const messageId = await stage.send();
      await expect(stage.connect()).rejects.toThrow();
      stage.useKey(key);
      const back = await stage.connect();
      expect((await back.receive()).messageId).toBe(messageId);
    },
  );

  rule("the secondary key lets a device in as the primary does", {}, async (stage) => {
    const { authentication } = await stage.hub.registry.get(stage.deviceId);
    stage.useKey(authentication.symmetricKey.secondaryKey);
    const session = await stage.connect();
    const messageId = await stage.send();
    expect((await session.receive()).messageId).toBe(messageId);
  });

  rule("a device with a key that is not its own is refused", {}, async (stage) => {
    stage.useKey(newKey());
    await expect(stage.connect()).rejects.toThrow();
  });

  rule(
    "a device that connects again takes its own place, and what it held",
    { can: ["hasConnection", "canHold"] },
    async (stage) => {
      const first = await stage.connect();
      const held = await stage.send();
      await first.receive();
      const second = await stage.connect();
      await first.shutOut();
      expect((await second.receive()).messageId).toBe(held);
      const next = await stage.send();
      expect((await second.receive()).messageId).toBe(next);
    },
  );

  rule(
    "a second connection of a device ends the first",
    { can: ["hasConnection"] },
    async (stage) => {
      const first = await stage.connect();
      const second = await stage.connect();
      await first.shutOut();
      const messageId = await stage.send();
      expect((await second.receive()).messageId).toBe(messageId);
    },
  );

  rule(
    "a device created anew is another generation, without the messages of the old",
    {},
    async (stage) => {
      const { registry } = stage.hub;
      const before = await registry.get(stage.deviceId);
      await stage.send({ ack: "full" });
      await registry.delete(stage.deviceId);
      const after = await registry.create(stage.deviceId);
      expect(after.generationId).not.toBe(before.generationId);
      expect(after.cloudToDeviceMessageCount).toBe(0);
      stage.useKey(after.authentication.symmetricKey.primaryKey);
      const session = await stage.connect();
      const next = await stage.send();
      expect((await session.receive()).messageId).toBe(next);
    },
  );
}

/** @returns the new primary key. */
async function changeKeys({ hub, deviceId }: Stage): Promise<string> {
  const [primaryKey, secondaryKey] = [newKey(), newKey()];
  const authentication = { type: "sas", symmetricKey: { primaryKey, secondaryKey } };
  await hub.registry.update(deviceId, { authentication });
  return primaryKey;
}

function newKey(): string {
  return randomBytes(32).toString("base64");
}
