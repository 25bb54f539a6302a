import { once } from "node:events";
import { type Message, NoRetry } from "azure-iot-common";
import { Client } from "azure-iot-device";
import { Inbox } from "../../support/inbox.ts";
import type { DeviceAccess } from "../driver.ts";

type TransportCtor = Parameters<typeof Client.fromConnectionString>[1];

/** Members of both SDK transports that their public type omits. */
interface Transport {
  enableC2D(done: (error?: Error) => void): void;
  on(event: "message", listener: (message: Message) => void): void;
}

/** The official device client without retries, so that a lost connection stays lost. */
export class SdkDevice {
  readonly client: Client;
  readonly messages: Inbox<Message>;
  /** Resolves once the hub has ended the connection or the link. */
  readonly ended: Promise<unknown>;

  private constructor(client: Client, messages: Inbox<Message>) {
    this.client = client;
    this.messages = messages;
    this.ended = Promise.race([once(client, "disconnect"), onceError(client)]);
    void this.ended.then(() => this.messages.end("The hub ended the connection."));
  }

  static async connect(
    { endpoint: { host, ca }, deviceId, key }: DeviceAccess,
    port: number,
    transportCtor: TransportCtor,
  ): Promise<SdkDevice> {
    const text = `HostName=${host}:${port};DeviceId=${deviceId};SharedAccessKey=${key}`;
    let transport: Transport | undefined;
    const Captured = new Proxy(transportCtor, {
      construct(target, parameters: unknown[]) {
        const created: object = Reflect.construct(target, parameters);
        transport = created as Transport;
        return created;
      },
    });
    const client = Client.fromConnectionString(text, Captured);
    client.setRetryPolicy(new NoRetry());
    if (ca !== undefined) await client.setOptions({ ca });
    const messages = new Inbox<Message>();
    // Not the client's own event, which connects; a persistent session delivers once it is open.
    transport?.on("message", (message) => messages.push(message));
    await client.open();
    await enableC2D(transport);
    return new SdkDevice(client, messages);
  }

  async close(): Promise<void> {
    await this.client.close();
  }
}

/** Not `client.on("message")`, which reports neither success nor failure. */
function enableC2D(transport: Transport | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    transport?.enableC2D((error) => (error ? reject(error) : resolve()));
  });
}

function onceError(client: Client): Promise<unknown> {
  return new Promise((resolve) => client.on("error", resolve));
}
