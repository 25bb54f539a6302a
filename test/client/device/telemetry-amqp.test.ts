/** Events over AMQP, against a scripted hub that misbehaves. */

import { describe, expect, it, onTestFinished } from "vitest";
import { OutcomeUnknownError } from "../../../src/client/errors/outcome-unknown-error.ts";
import type { Message } from "../../../src/core/message.ts";
import {
  type AmqpScript,
  type ScriptedAmqpHub,
  startScriptedAmqpHub,
} from "../support/scripted-amqp-hub.ts";
import { connectSending, type SendingDevice } from "../support/sending-device.ts";
import { timersLeftBy } from "../support/timers.ts";

const EVENTS = "/devices/device1/messages/events";

async function start(script: AmqpScript = {}): Promise<ScriptedAmqpHub> {
  const hub = await startScriptedAmqpHub(script);
  onTestFinished(() => hub.stop());
  return hub;
}

async function connect(hub: ScriptedAmqpHub): Promise<SendingDevice> {
  const device = await connectSending(hub, { transport: "amqp" });
  onTestFinished(() => device.connection.close());
  return device;
}

const message = (parts: Partial<Message> = {}): Message => ({
  system: {},
  properties: {},
  body: Buffer.from("body"),
  ...parts,
});

describe("an event", () => {
  it("includes what the SDK drops or garbles", async () => {
    const hub = await start();
    const { connection } = await connect(hub);
    const body = Buffer.from([0, 0xff, 0x80]);
    const messageId = "5E3D5F9C-0000-4000-8000-00000000000A";
    const correlationId = "5e3d5f9c-0000-4000-8000-00000000000a";
    await connection.sendEvent(
      message({
        system: {
          messageId,
          correlationId,
          userId: "jemand",
          contentType: "text/plain",
          contentEncoding: "utf-16",
        },
        properties: { lonely: null, empty: "", "IoThub-status": "x", Authorization: "x" },
        body,
      }),
    );
    expect(hub.messages).toHaveLength(1);
    expect(hub.messages[0]).toMatchObject({
      message_id: messageId,
      correlation_id: correlationId,
      user_id: Buffer.from("jemand"),
      content_type: "text/plain",
      content_encoding: "utf-16",
      to: EVENTS,
      body: { content: body },
    });
    expect(hub.messages[0]?.application_properties).toEqual({
      lonely: "",
      empty: "",
      "IoThub-status": "x",
      Authorization: "x",
    });
  });

  it("uses a link attached in advance, shared by all events", async () => {
    const hub = await start();
    const { connection } = await connect(hub);
    expect(hub.attached.filter((address) => address === EVENTS)).toHaveLength(1);
    await Promise.all(Array.from({ length: 20 }, () => connection.sendEvent(message())));
    expect(hub.attached.filter((address) => address === EVENTS)).toHaveLength(1);
  });

  it.each([
    ["com.microsoft:device-container-throttled", "Throttling"],
    ["amqp:link:message-size-exceeded", "MessageTooLarge"],
    ["amqp:resource-limit-exceeded", "IotHubQuotaExceeded"],
  ])("rejected with %s is %s, with a hint for a device", async (condition, name) => {
    const hub = await start({
      onMessage: ({ delivery }) => delivery?.reject({ condition, description: "no" } as never),
    });
    const { connection, disconnects } = await connect(hub);
    await expect(connection.sendEvent(message())).rejects.toMatchObject({
      name,
      hint: expect.not.stringMatching(/cloud-to-device|c2d-device listen/i),
    });
    expect(disconnects).toEqual([]);
  });

  it.each(["release", "reject"] as const)(
    "is not accepted when the hub settles it with %s",
    async (outcome) => {
      const hub = await start({
        onMessage: ({ delivery }) =>
          outcome === "release"
            ? delivery?.release({ undeliverable_here: false } as never)
            : delivery?.reject(),
      });
      const { connection } = await connect(hub);
      await expect(connection.sendEvent(message())).rejects.toMatchObject({
        name: "ServiceUnavailable",
      });
    },
  );
});

describe("an event in flight", () => {
  it("has an unknown outcome when the socket closes", async () => {
    const hub = await start({ onMessage: () => hub.sockets[0]?.destroy() });
    const left = await timersLeftBy(async () => {
      const { connection, disconnects, disconnected } = await connect(hub);
      await expect(connection.sendEvent(message())).rejects.toThrow(OutcomeUnknownError);
      await disconnected;
      await expect(connection.sendEvent(message())).rejects.not.toThrow(OutcomeUnknownError);
      expect(disconnects).toHaveLength(1);
    });
    expect(hub.connections).toHaveLength(1);
    expect(left).toEqual([]);
  });

  it("has an unknown outcome when its link is detached, which ends the connection with the reason", async () => {
    const hub = await start({
      onMessage: ({ receiver }) =>
        receiver?.close({ condition: "amqp:link:detach-forced", description: "moving" } as never),
    });
    const { connection, disconnected } = await connect(hub);
    await expect(connection.sendEvent(message())).rejects.toThrow(OutcomeUnknownError);
    expect(await disconnected).toMatchObject({ name: "ServiceUnavailable" });
  });

  it("has an unknown outcome when the caller closes", async () => {
    const hub = await start({ onMessage: () => {} });
    const { connection, disconnects } = await connect(hub);
    const sent = expect(connection.sendEvent(message())).rejects.toThrow(OutcomeUnknownError);
    await connection.close();
    await sent;
    expect(disconnects).toEqual([]);
  });
});

it("a refused event link fails the connect", async () => {
  const hub = await start({ refusesEvents: true });
  const left = await timersLeftBy(() =>
    expect(connect(hub)).rejects.toMatchObject({ name: "IotHubUnauthorized" }),
  );
  expect(left).toEqual([]);
});
