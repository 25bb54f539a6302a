import { describe, expect, it } from "vitest";
import { createDeferred, type Deferred } from "../../../src/async/deferred.ts";
import type { TelemetryEvent } from "../../../src/client/device/telemetry-event.ts";
import {
  TelemetrySender,
  type TelemetrySenderOptions,
} from "../../../src/client/device/telemetry-sender.ts";
import { ClientError, type ClientErrorName } from "../../../src/client/errors/client-error.ts";
import { OutcomeUnknownError } from "../../../src/client/errors/outcome-unknown-error.ts";
import type { Message } from "../../../src/core/message.ts";
import { atRest, TestClock } from "../../support/test-clock.ts";

const errorOf = (name: ClientErrorName): ClientError => new ClientError(name, `it is ${name}`);
const unanswered = (): ClientError => new OutcomeUnknownError("ConnectionLost", "it is gone", {});

/** The events sent over one connection, and functions to answer each. */
class Connection {
  readonly keepsOrder: boolean;
  readonly sent: { readonly id: string; readonly answer: Deferred<void> }[] = [];

  constructor(keepsOrder = true) {
    this.keepsOrder = keepsOrder;
  }

  sendEvent({ system }: Message): Promise<void> {
    const answer = createDeferred<void>();
    this.sent.push({ id: system.messageId ?? "", answer });
    return answer.promise;
  }

  get ids(): string[] {
    return this.sent.map(({ id }) => id);
  }

  confirm(...ids: readonly string[]): void {
    for (const { id, answer } of this.sent) if (ids.includes(id)) answer.resolve();
  }

  refuse(error: ClientError, ...ids: readonly string[]): void {
    for (const { id, answer } of this.sent) if (ids.includes(id)) answer.reject(error);
  }
}

class Setup {
  readonly clock = new TestClock();
  readonly events: TelemetryEvent[] = [];
  readonly sender: TelemetrySender;
  readonly run: Promise<void>;
  hasEnded = false;

  constructor(count: number, options: Partial<TelemetrySenderOptions> = {}) {
    this.sender = new TelemetrySender({
      make: message,
      count,
      intervalMs: 0,
      messageTimeoutMs: 10_000,
      onEvent: (event) => this.events.push(event),
      clock: this.clock,
      random: () => 0.999999,
      ...options,
    });
    this.run = this.sender.run();
    this.run.then(
      () => {
        this.hasEnded = true;
      },
      () => {},
    );
  }

  async connect(keepsOrder?: boolean): Promise<Connection> {
    const connection = new Connection(keepsOrder);
    this.sender.connected(connection);
    await atRest();
    return connection;
  }

  /** `type index`, with its flags. */
  get told(): string[] {
    return this.events.flatMap((event) => {
      const marks = Object.entries(event).flatMap(([name, value]) =>
        value === true ? [name] : [],
      );
      return event.type === "sent" && marks.length === 0
        ? []
        : [[event.type, event.index, ...marks].join(" ")];
    });
  }
}

function message(index: number): Message {
  return { system: { messageId: `m${index}` }, properties: {}, body: Buffer.alloc(0) };
}

describe("messages", () => {
  it("are sent concurrently and reported as they are confirmed", async () => {
    const setup = new Setup(3);
    await atRest();
    expect(setup.events).toEqual([]);
    const connection = await setup.connect();
    expect(connection.ids).toEqual(["m0", "m1", "m2"]);
    connection.confirm("m1");
    await atRest();
    connection.confirm("m0", "m2");
    await setup.run;
    expect(setup.told).toEqual(["confirmed 1", "confirmed 0", "confirmed 2"]);
    expect(setup.events.at(-1)).toMatchObject({ confirmedAtMs: setup.clock.nowMs() });
  });

  it("are sent one at a time over a transport without ordering", async () => {
    const setup = new Setup(3);
    const connection = await setup.connect(false);
    expect(connection.ids).toEqual(["m0"]);
    connection.confirm("m0");
    await atRest();
    expect(connection.ids).toEqual(["m0", "m1"]);
    connection.refuse(errorOf("MessageTooLarge"), "m1");
    await atRest();
    expect(connection.ids).toEqual(["m0", "m1", "m2"]);
  });

  it("are created at the interval, the first at once", async () => {
    const setup = new Setup(3, { intervalMs: 1000 });
    const connection = await setup.connect();
    expect(connection.ids).toEqual(["m0"]);
    await setup.clock.pass(999);
    expect(connection.ids).toEqual(["m0"]);
    await setup.clock.pass(1);
    expect(connection.ids).toEqual(["m0", "m1"]);
  });

  it("end with the last confirmation, not an interval later", async () => {
    const setup = new Setup(1, { intervalMs: 30_000 });
    const connection = await setup.connect();
    connection.confirm("m0");
    await setup.run;
    expect(setup.told).toEqual(["confirmed 0"]);
  });

  it("never exceed the window in flight", async () => {
    const setup = new Setup(100, { windowSize: 4, messageTimeoutMs: 0 });
    const connection = await setup.connect();
    expect(connection.ids).toEqual(["m0", "m1", "m2", "m3"]);
    connection.confirm("m2");
    await atRest();
    expect(connection.ids).toEqual(["m0", "m1", "m2", "m3", "m4"]);
  });

  it("are created no faster than their consumer allows", async () => {
    const room = createDeferred<void>();
    const setup = new Setup(3, { room: () => room.promise });
    const connection = await setup.connect();
    expect(connection.ids).toEqual([]);
    room.resolve();
    await atRest();
    expect(connection.ids).toEqual(["m0", "m1", "m2"]);
  });
});

describe("a lost connection", () => {
  it("resends messages in flight over the next one, in order and marked as repeated", async () => {
    const setup = new Setup(3);
    const first = await setup.connect();
    first.confirm("m1");
    await atRest();
    first.refuse(unanswered(), "m2", "m0");
    setup.sender.disconnected();
    await atRest();
    expect(first.ids).toEqual(["m0", "m1", "m2"]);
    const second = await setup.connect();
    expect(second.ids).toEqual(["m0", "m2"]);
    second.confirm("m0", "m2");
    await setup.run;
    expect(setup.told).toEqual([
      "confirmed 1",
      "sent 0 isRepeated",
      "sent 2 isRepeated",
      "confirmed 0 isRepeated",
      "confirmed 2 isRepeated",
    ]);
  });

  it("does not mark a message that was never sent", async () => {
    const setup = new Setup(1);
    const first = await setup.connect();
    first.refuse(errorOf("ConnectionRefused"), "m0");
    await atRest();
    const second = await setup.connect();
    second.confirm("m0");
    await setup.run;
    expect(setup.told).toEqual(["confirmed 0"]);
  });

  it("is detected by the first failed message: nothing more is sent over it", async () => {
    const setup = new Setup(3, { intervalMs: 1000 });
    const first = await setup.connect();
    first.refuse(unanswered(), "m0");
    await setup.clock.pass(1000);
    expect(first.ids).toEqual(["m0"]);
    const second = await setup.connect();
    expect(second.ids).toEqual(["m0", "m1"]);
  });

  it("pauses messages with interval 0", async () => {
    const setup = new Setup(10, { windowSize: 2, messageTimeoutMs: 0 });
    const first = await setup.connect();
    first.confirm("m0", "m1");
    setup.sender.disconnected();
    await atRest();
    const made = setup.events.length;
    await setup.clock.pass(60_000);
    expect(setup.events).toHaveLength(made);
  });

  it("limits the messages created in the meantime", async () => {
    const setup = new Setup(1000, { intervalMs: 1, windowSize: 5, messageTimeoutMs: 100 });
    await setup.connect();
    setup.sender.disconnected();
    await setup.clock.pass(1000);
    const unconfirmed = setup.events.filter(({ type }) => type === "unconfirmed");
    // Five at a time, each for 100 ms; the first, which is in flight, keeps its slot.
    expect(unconfirmed.length).toBeGreaterThan(30);
    expect(unconfirmed.length).toBeLessThanOrEqual(51);
  });
});

describe("a message that has timed out", () => {
  it("is reported as unconfirmed, and its late confirmation too", async () => {
    const setup = new Setup(2, { intervalMs: 15_000 });
    const connection = await setup.connect();
    await setup.clock.pass(9999);
    expect(setup.told).toEqual([]);
    await setup.clock.pass(1);
    expect(setup.told).toEqual(["unconfirmed 0 mayBeStored"]);
    connection.confirm("m0");
    await setup.clock.pass(5000);
    connection.confirm("m1");
    await setup.run;
    expect(setup.told).toEqual(["unconfirmed 0 mayBeStored", "confirmed 0 isLate", "confirmed 1"]);
  });

  it("is not sent again", async () => {
    const setup = new Setup(1);
    const first = await setup.connect();
    await setup.clock.pass(10_000);
    first.refuse(unanswered(), "m0");
    await atRest();
    const second = await setup.connect();
    expect(second.ids).toEqual([]);
    await setup.run;
    expect(setup.told).toEqual(["unconfirmed 0 mayBeStored"]);
  });

  it("without having been sent is reported as not stored", async () => {
    const setup = new Setup(2, { intervalMs: 1000 });
    const first = await setup.connect();
    first.confirm("m0");
    setup.sender.disconnected();
    await setup.clock.pass(11_000);
    await setup.run;
    expect(setup.told).toEqual(["confirmed 0", "unconfirmed 1"]);
    expect(setup.events.at(-1)).toMatchObject({ reason: "MessageTimeout", mayBeStored: false });
  });

  it("does not exist with a limit of 0", async () => {
    const setup = new Setup(1, { messageTimeoutMs: 0 });
    await setup.connect();
    await setup.clock.pass(86_400_000);
    expect(setup.told).toEqual([]);
    expect(setup.hasEnded).toBe(false);
  });
});

describe("a message that the hub refuses", () => {
  it("permanently is reported and not sent again", async () => {
    const setup = new Setup(2);
    const connection = await setup.connect();
    connection.refuse(errorOf("MessageTooLarge"), "m0");
    connection.confirm("m1");
    await setup.run;
    expect(setup.told).toEqual(["failed 0", "confirmed 1"]);
    expect(connection.ids).toEqual(["m0", "m1"]);
  });

  it("temporarily is sent again later, without a mark", async () => {
    const setup = new Setup(2);
    const connection = await setup.connect();
    connection.refuse(errorOf("Throttling"), "m0", "m1");
    await atRest();
    expect(connection.ids).toEqual(["m0", "m1"]);
    await setup.clock.pass(499);
    expect(connection.ids).toEqual(["m0", "m1"]);
    await setup.clock.pass(1);
    expect(connection.ids).toEqual(["m0", "m1", "m0", "m1"]);
    connection.confirm("m0", "m1");
    await setup.run;
    expect(setup.told).toEqual(["throttled 0", "confirmed 0", "confirmed 1"]);
  });

  it("until it times out is unconfirmed and not stored", async () => {
    const setup = new Setup(1, { messageTimeoutMs: 300 });
    const connection = await setup.connect();
    connection.refuse(errorOf("ServiceUnavailable"), "m0");
    await setup.clock.pass(300);
    await setup.run;
    expect(setup.told).toEqual(["throttled 0", "unconfirmed 0"]);
  });

  it.each(["IotHubUnauthorized", "DeviceNotFound"] as const)(
    "with %s ends the run",
    async (name) => {
      const setup = new Setup(3);
      const connection = await setup.connect();
      connection.refuse(errorOf(name), "m0");
      await expect(setup.run).rejects.toMatchObject({ name });
      const ended = setup.sender.end(0);
      await setup.clock.pass(0);
      await ended;
      expect(setup.told).toEqual([
        "unconfirmed 0",
        "unconfirmed 1 mayBeStored",
        "unconfirmed 2 mayBeStored",
      ]);
    },
  );
});

describe("the end", () => {
  it("waits for messages in flight, and reports the rest", async () => {
    const setup = new Setup(100, { intervalMs: 100 });
    const connection = await setup.connect();
    await setup.clock.pass(100);
    const ended = setup.sender.end(2000);
    await setup.clock.pass(1000);
    connection.confirm("m0");
    await setup.clock.pass(999);
    expect(setup.told).toEqual(["confirmed 0"]);
    await setup.clock.pass(1);
    await ended;
    await setup.run;
    expect(setup.told).toEqual(["confirmed 0", "unconfirmed 1 mayBeStored"]);
    expect(setup.events.at(-1)).toMatchObject({ reason: "SendingEnded" });
    expect(connection.ids).toEqual(["m0", "m1"]);
  });

  it("does not wait when nothing is in flight", async () => {
    const setup = new Setup(100, { intervalMs: 100 });
    const connection = await setup.connect();
    const ended = setup.sender.end(2000);
    connection.refuse(unanswered(), "m0");
    await ended;
    expect(setup.told).toEqual(["unconfirmed 0 mayBeStored"]);
  });

  it("is possible before the first connection", async () => {
    const setup = new Setup(1);
    await setup.sender.end(2000);
    await setup.run;
    expect(setup.events).toEqual([]);
  });
});

it("follows an error of the event consumer", async () => {
  const setup = new Setup(1, {
    onEvent: () => {
      throw new Error("no more paper");
    },
  });
  await setup.connect();
  await expect(setup.run).rejects.toThrow("no more paper");
});
