import { randomUUID } from "node:crypto";
import type { DeviceAccess, DeviceDriver, DeviceSession } from "./driver.ts";
import { eventually } from "./eventually.ts";
import type { HubUnderTest } from "./hub-under-test.ts";
import type { FeedbackJson, OutgoingMessage } from "./service-client.ts";

export type MessageFields = Partial<OutgoingMessage>;

/** The fixture of a rule: a hub, a device of its own, and a service that sends to it. */
export class Fixture {
  readonly hub: HubUnderTest;
  readonly driver: DeviceDriver;
  readonly deviceId: string;
  #key: string;
  readonly #sessions: DeviceSession[] = [];
  #sent = 0;
  readonly #run = randomUUID().slice(0, 8);

  private constructor(hub: HubUnderTest, driver: DeviceDriver, deviceId: string, key: string) {
    this.hub = hub;
    this.driver = driver;
    this.deviceId = deviceId;
    this.#key = key;
  }

  static async create(hub: HubUnderTest, driver: DeviceDriver): Promise<Fixture> {
    const deviceId = `contract-${randomUUID()}`;
    const { authentication } = await hub.registry.create(deviceId);
    return new Fixture(hub, driver, deviceId, authentication.symmetricKey.primaryKey);
  }

  get access(): DeviceAccess {
    const { endpoint, mqttPort, amqpPort } = this.hub;
    return { endpoint, mqttPort, amqpPort, deviceId: this.deviceId, key: this.#key };
  }

  /** Uses this key for the device from now on. */
  useKey(key: string): void {
    this.#key = key;
  }

  async connect(access: DeviceAccess = this.access): Promise<DeviceSession> {
    const session = await this.driver.connect(access);
    this.#sessions.push(session);
    return session;
  }

  /** Sends and returns the outcome: `accepted`, or the condition of the refusal. */
  async trySend(fields: MessageFields = {}, deviceId = this.deviceId): Promise<string> {
    const outcome = await this.hub.service.send(deviceId, {
      messageId: this.nextId(),
      body: Buffer.alloc(0),
      ...fields,
    });
    return outcome.type === "accepted" ? "accepted" : outcome.condition;
  }

  /** Sends a message that the hub must accept. */
  async send(fields: MessageFields = {}): Promise<string> {
    const messageId = fields.messageId ?? this.nextId();
    const outcome = await this.trySend({ ...fields, messageId });
    if (outcome !== "accepted") throw new Error(`The hub refused a message: ${outcome}.`);
    return messageId;
  }

  nextId(): string {
    this.#sent += 1;
    return `${this.#run}-${this.#sent}`;
  }

  feedbackOf(messageId: string): Promise<FeedbackJson> {
    return this.hub.service.feedback.reached(messageId);
  }

  /** Resolves once the device has this many queued messages. */
  async countReached(count: number): Promise<void> {
    await eventually(async () => {
      const device = await this.hub.registry.get(this.deviceId);
      return device.cloudToDeviceMessageCount === count ? true : undefined;
    });
  }

  /** Advances the local hub's clock. */
  pass(milliseconds: number): void {
    if (this.hub.clock === undefined)
      throw new Error("The clock of a real hub cannot be advanced.");
    this.hub.clock.advance(milliseconds);
  }

  /** The hub's own time, in milliseconds since the epoch. */
  nowMs(): number {
    return this.hub.clock?.nowMs() ?? Date.now();
  }

  async dispose(): Promise<void> {
    for (const session of this.#sessions) await session.drop().catch(() => {});
    await this.hub.registry.delete(this.deviceId).catch(() => {});
    await this.hub.close();
  }
}
