/** A device over AMQP, against a scripted hub that misbehaves. */

import { createPrivateKey, X509Certificate } from "node:crypto";
import rhea, { type Sender } from "rhea";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { DeviceConnectOptions } from "../../../src/client/connection/device-connection.ts";
import { atRest } from "../../support/test-clock.ts";
import { connectListening, type ListeningDevice } from "../support/listening-device.ts";
import {
  type AmqpScript,
  type ScriptedAmqpHub,
  startScriptedAmqpHub,
} from "../support/scripted-amqp-hub.ts";
import { selfSigned } from "../support/self-signed.ts";
import { timersLeftBy } from "../support/timers.ts";

afterEach(async () => {
  vi.useRealTimers();
});

async function scripted(script: AmqpScript = {}): Promise<ScriptedAmqpHub> {
  const hub = await startScriptedAmqpHub(script);
  onTestFinished(() => hub.stop());
  return hub;
}

const KEY_PART = "SharedAccessKey=c2VjcmV0";

async function connect(
  { hostName, ca }: ScriptedAmqpHub,
  options: Partial<DeviceConnectOptions> = {},
  credential = KEY_PART,
): Promise<ListeningDevice> {
  const connectionString = `HostName=${hostName};DeviceId=device1;${credential}`;
  const device = await connectListening(
    { connectionString, ca },
    { transport: "amqp", ...options },
  );
  onTestFinished(() => device.connection.close());
  return device;
}

describe("a message", () => {
  it("sent together with the attach is delivered, whatever its types", async () => {
    const uuid = Buffer.from("00112233445566778899aabbccddeeff", "hex");
    const hub = await scripted({
      onFeedbackLink: (sender: Sender) =>
        void sender.send({
          message_id: uuid as unknown as string,
          correlation_id: rhea.types.wrap_ulong(42),
          user_id: Buffer.from("jemand") as unknown as string,
          application_properties: { number: 7, "iothub-ack": "positive" },
          message_annotations: {
            "iothub-enqueuedtime": rhea.types.wrap_timestamp(1_700_000_000_000),
            "iothub-deliverycount": rhea.types.wrap_ubyte(2),
            "x-opt-sequence-number": rhea.types.wrap_ulong(9),
          },
          body: rhea.message.data_sections([Buffer.from([0xff]), Buffer.from("b")]),
        }),
    });
    const device = await connect(hub);
    expect((await device.delivery(0)).message).toEqual({
      system: {
        messageId: "00112233-4455-6677-8899-aabbccddeeff",
        correlationId: "42",
        userId: "jemand",
        ack: "positive",
      },
      properties: { number: "7" },
      malformed: [],
      body: Buffer.from([0xff, 0x62]),
      enqueuedTimeUtcMs: 1_700_000_000_000,
      sequenceNumber: 9,
      deliveryCount: 2,
      isRedelivered: true,
    });
  });

  it("with a value body or no body is delivered", async () => {
    const hub = await scripted({
      onFeedbackLink(sender: Sender) {
        sender.send({ body: "text" });
        sender.send({ body: undefined });
      },
    });
    const device = await connect(hub);
    await device.delivery(1);
    const bodies = device.deliveries.map(({ message }) => Buffer.from(message.body).toString());
    expect(bodies).toEqual(["text", ""]);
  });
});

describe("an open connection", () => {
  it("detects a hub that stops responding", async () => {
    const hub = await scripted();
    const device = await connect(hub, { keepAliveSeconds: 1 });
    for (const socket of hub.sockets) socket.write = () => true;
    expect(await device.disconnected).toMatchObject({ name: "ConnectionLost" });
    await device.connection.close();
    expect(device.disconnects).toHaveLength(1);
  });

  it("survives while the hub is idle", async () => {
    const hub = await scripted();
    const device = await connect(hub, { keepAliveSeconds: 1 });
    const [socket] = hub.sockets;
    const write = socket?.write.bind(socket) as (chunk: Uint8Array) => boolean;
    let frames = 0;
    await new Promise<void>((resolve) => {
      Object.assign(socket ?? {}, {
        write(chunk: Uint8Array) {
          frames += 1;
          // One each half second.
          if (frames === 5) resolve();
          return write(chunk);
        },
      });
    });
    expect(device.disconnects).toEqual([]);
  });

  it.each([
    [
      "with a reason",
      { condition: "amqp:link:stolen", description: "another" },
      "LinkCreationConflict",
    ],
    ["without one", undefined, "ConnectionLost"],
  ])(
    "ends at once when the hub detaches the link %s, and reports it once",
    async (_, reason, name) => {
      const links: Sender[] = [];
      const hub = await scripted({ onFeedbackLink: (sender) => links.push(sender) });
      const left = await timersLeftBy(async () => {
        const device = await connect(hub);
        links[0]?.close(reason as never);
        expect(await device.disconnected).toMatchObject({ name });
        await device.connection.close();
        expect(device.disconnects).toHaveLength(1);
      });
      expect(left).toEqual([]);
    },
  );

  it("ends at once when the hub closes it, with the hub's reason", async () => {
    const hub = await scripted();
    const left = await timersLeftBy(async () => {
      const device = await connect(hub);
      hub.connections[0]?.close({
        condition: "amqp:connection:forced",
        description: "400027",
      } as never);
      expect(await device.disconnected).toMatchObject({
        name: "ConnectionForcefullyClosedOnNewConnection",
      });
    });
    expect(left).toEqual([]);
  });

  it("closes even if the hub stops responding", async () => {
    const hub = await scripted();
    const left = await timersLeftBy(async () => {
      const device = await connect(hub);
      hub.sockets[0]?.pause();
      await device.connection.close();
    });
    expect(left).toEqual([]);
  });

  it("ends with IotHubUnauthorized when the new token is refused, and reports it once", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const hub = await scripted({ tokenStatus: [200, 401] });
    const device = await connect(hub, { keepAliveSeconds: 10_000 });
    vi.advanceTimersByTime(45 * 60_000);
    expect(await device.disconnected).toMatchObject({ name: "IotHubUnauthorized" });
    await device.connection.close();
    expect(device.disconnects).toHaveLength(1);
  });

  it("survives a token renewal", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const links: Sender[] = [];
    const hub = await scripted({ onFeedbackLink: (sender) => links.push(sender) });
    const device = await connect(hub, { keepAliveSeconds: 10_000 });
    vi.advanceTimersByTime(45 * 60_000);
    await atRest();
    links[0]?.send({ body: "after" });
    await device.delivery(0);
    expect(device.disconnects).toEqual([]);
  });
});

describe("connecting fails", () => {
  it("with IotHubUnauthorized when the hub refuses the key and hangs up", async () => {
    const hub = await scripted({ tokenStatus: 401, hangsUpOnRefusal: true });
    await expect(connect(hub)).rejects.toMatchObject({
      name: "IotHubUnauthorized",
      message: expect.stringContaining("as the script says"),
      hint: expect.stringContaining("DeviceId"),
    });
  });

  it("with IotHubUnauthorized when the link is refused", async () => {
    const hub = await scripted({ refusesFeedback: true });
    const left = await timersLeftBy(() =>
      expect(connect(hub)).rejects.toMatchObject({ name: "IotHubUnauthorized" }),
    );
    expect(left).toEqual([]);
  });

  it("with ConnectTimeout when the token is not answered, and leaves nothing open", async () => {
    const hub = await scripted({ tokenStatus: 0 });
    const left = await timersLeftBy(() =>
      expect(connect(hub, { connectTimeoutMs: 300 })).rejects.toMatchObject({
        name: "ConnectTimeout",
      }),
    );
    expect(left).toEqual([]);
  });
});

describe("an X.509 device", () => {
  it("presents its certificate, with an encrypted key, and no token", async () => {
    const hub = await scripted({ requestsCertificate: true });
    const { cert, key } = await selfSigned();
    const passphrase = "geheim";
    const locked = createPrivateKey(key).export({
      type: "pkcs8",
      format: "pem",
      cipher: "aes-256-cbc",
      passphrase,
    });
    const certificate = { cert, key: locked.toString(), passphrase };
    await connect(hub, { certificate }, "x509=true");
    const shown = hub.sockets[0]?.getPeerCertificate().fingerprint256;
    expect(shown).toBe(new X509Certificate(cert).fingerprint256);
    expect(hub.attached).not.toContain("$cbs");
  });

  it("without a certificate gets a clear error", async () => {
    const hub = await scripted();
    await expect(connect(hub, {}, "x509=true")).rejects.toMatchObject({ name: "ArgumentInvalid" });
  });
});
