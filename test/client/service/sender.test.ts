import { describe, expect, it } from "vitest";
import { createDeferred } from "../../../src/async/deferred.ts";
import { ClientError, type ClientErrorName } from "../../../src/client/errors/client-error.ts";
import { OutcomeUnknownError } from "../../../src/client/errors/outcome-unknown-error.ts";
import type { PlannedMessage, SendEvent } from "../../../src/client/service/send-event.ts";
import { type SendAllOptions, sendAll } from "../../../src/client/service/sender.ts";
import type { Message } from "../../../src/core/message.ts";
import { atRest, TestClock } from "../../support/test-clock.ts";

/** A fake connection that answers each send as the test specifies. */
class FakeHub {
  /** `device:messageId`, one for each send, in the order of sending. */
  readonly sends: string[] = [];
  /** Accepted message ids, in order, by device. */
  readonly taken = new Map<string, string[]>();
  answer: (deviceId: string, messageId: string) => ClientErrorName | undefined | Promise<undefined>;

  constructor(answer: FakeHub["answer"] = () => undefined) {
    this.answer = answer;
  }

  async send(deviceId: string, message: Message): Promise<void> {
    const messageId = message.system.messageId ?? "";
    this.sends.push(`${deviceId}:${messageId}`);
    const name = await this.answer(deviceId, messageId);
    if (name) throw new ClientError(name, `it is ${name}`);
    this.taken.set(deviceId, [...(this.taken.get(deviceId) ?? []), messageId]);
  }
}

const FULL = "DeviceMaximumQueueDepthExceeded";

/** A hub whose devices accept `depth` messages each until `drain` makes room. */
class FullHub extends FakeHub {
  readonly #room = new Map<string, number>();

  constructor(depth: number, refusal: ClientErrorName = FULL) {
    super((deviceId) => {
      const room = this.#room.get(deviceId) ?? depth;
      this.#room.set(deviceId, Math.max(0, room - 1));
      return room === 0 ? refusal : undefined;
    });
  }

  drain(deviceId: string, count: number): void {
    this.#room.set(deviceId, count);
  }
}

function messagesTo(deviceIds: readonly string[], count: number): PlannedMessage[] {
  return Array.from({ length: count }, (_, n) =>
    deviceIds.map((deviceId) => ({
      deviceId,
      make: () => ({ system: { messageId: `m${n}` }, properties: {}, body: Buffer.of() }),
    })),
  ).flat();
}

class Setup {
  readonly clock = new TestClock();
  readonly events: SendEvent[] = [];
  readonly controller = new AbortController();
  readonly run: Promise<void>;

  constructor(
    connection: FakeHub,
    messages: SendAllOptions["messages"],
    options: Partial<SendAllOptions> = {},
  ) {
    this.run = sendAll({
      connection,
      messages,
      onEvent: (event) => this.events.push(event),
      onQueueFull: "wait",
      timeoutMs: 60_000,
      intervalMs: 0,
      signal: this.controller.signal,
      clock: this.clock,
      random: () => 0.999999,
      ...options,
    });
    this.run.catch(() => {});
  }

  get totals() {
    const count = (type: SendEvent["type"]): number =>
      this.events.filter((event) => event.type === type).length;
    return { sent: count("sent"), failed: count("failed") };
  }

  /** `sent:0`, `failed:1:Name`, `unsent:2`, `queueFull:device:ms`, in the order they were reported. */
  get told(): string[] {
    return this.events.map((event) => {
      if (event.type === "sent") return `sent:${event.index}`;
      if (event.type === "failed") return `failed:${event.index}:${event.error.name}`;
      if (event.type === "unsent") return `unsent:${event.index}`;
      return `${event.type}:${event.deviceId}:${event.retryInMs}`;
    });
  }
}

const ids = (count: number): string[] => Array.from({ length: count }, (_, n) => `m${n}`);

describe("sendAll", () => {
  it("pipelines messages, and reports them in order", async () => {
    const answers = new Map(ids(3).map((id) => [id, createDeferred<undefined>()]));
    const hub = new FakeHub((_, id) => answers.get(id)?.promise);
    const setup = new Setup(hub, messagesTo(["a"], 3));
    await atRest();
    expect(hub.sends).toEqual(["a:m0", "a:m1", "a:m2"]);
    answers.get("m2")?.resolve(undefined);
    answers.get("m0")?.resolve(undefined);
    await atRest();
    expect(setup.told).toEqual(["sent:0"]);
    answers.get("m1")?.resolve(undefined);
    await setup.run;
    expect(setup.totals).toEqual({ sent: 3, failed: 0 });
    expect(setup.told).toEqual(["sent:0", "sent:1", "sent:2"]);
  });

  it("reads only as many messages as fit in its window", async () => {
    const first = createDeferred<undefined>();
    const hub = new FakeHub((_, id) => (id === "m0" ? first.promise : new Promise(() => {})));
    let taken = 0;
    function* endless(): Generator<PlannedMessage> {
      for (const message of messagesTo(["a"], 1000)) {
        taken += 1;
        yield message;
      }
    }
    new Setup(hub, endless(), { windowSize: 10 });
    await atRest();
    expect([taken, hub.sends.length]).toEqual([10, 10]);
    first.resolve(undefined);
    await atRest();
    expect([taken, hub.sends.length]).toEqual([11, 11]);
  });

  it("continues after a refused message", async () => {
    const hub = new FakeHub((device) => (device === "b" ? "DeviceNotFound" : undefined));
    const setup = new Setup(hub, messagesTo(["a", "b"], 2));
    await setup.run;
    expect(setup.totals).toEqual({ sent: 2, failed: 2 });
    expect(setup.told.sort()).toEqual([
      "failed:1:DeviceNotFound",
      "failed:3:DeviceNotFound",
      "sent:0",
      "sent:2",
    ]);
  });

  it("pauses between messages, not before the first", async () => {
    const hub = new FakeHub();
    const setup = new Setup(hub, messagesTo(["a"], 3), { intervalMs: 1000 });
    await atRest();
    expect(hub.sends).toHaveLength(1);
    await setup.clock.pass(999);
    expect(hub.sends).toHaveLength(1);
    await setup.clock.pass(1001);
    await setup.run;
    expect(setup.totals).toEqual({ sent: 3, failed: 0 });
  });

  it("does not pause for a message that comes after the interval anyway", async () => {
    const clock = new TestClock();
    const late = createDeferred<void>();
    async function* slow(): AsyncGenerator<PlannedMessage> {
      yield* messagesTo(["a"], 1);
      await late.promise;
      yield* messagesTo(["a"], 1);
    }
    const hub = new FakeHub();
    const setup = new Setup(hub, slow(), { intervalMs: 1000, clock });
    await atRest();
    await clock.pass(1000);
    late.resolve();
    await setup.run;
    expect(setup.totals).toEqual({ sent: 2, failed: 0 });
  });

  it("asks for room until there is some, and can be aborted meanwhile", async () => {
    const rooms = [createDeferred<void>(), createDeferred<void>()];
    const hub = new FakeHub();
    const setup = new Setup(hub, messagesTo(["a"], 2), {
      room: () => (hub.sends.length === 0 ? undefined : rooms[0]?.promise),
    });
    await atRest();
    rooms.shift()?.resolve();
    await atRest();
    expect(setup.told).toEqual(["sent:0"]);
    setup.controller.abort();
    await setup.run;
    expect(setup.told).toEqual(["sent:0"]);
  });

  it("fails what must not be sent in its turn, without sending it", async () => {
    const answer = createDeferred<undefined>();
    const hub = new FakeHub(() => answer.promise);
    const [first, second, third] = messagesTo(["a"], 3) as [
      PlannedMessage,
      PlannedMessage,
      PlannedMessage,
    ];
    const refuse = () => new ClientError("MessageTooLarge", "too large");
    const setup = new Setup(hub, [first, { ...second, refuse }, third]);
    await atRest();
    expect(hub.sends).toEqual(["a:m0", "a:m2"]);
    expect(setup.told).toEqual([]);
    answer.resolve(undefined);
    await setup.run;
    expect(setup.told).toEqual(["sent:0", "failed:1:MessageTooLarge", "sent:2"]);
  });

  it("can end with other errors", async () => {
    const hub = new FakeHub(() => "DeviceNotFound");
    const setup = new Setup(hub, messagesTo(["a"], 1000), {
      windowSize: 1,
      finalErrors: ["DeviceNotFound"],
    });
    await expect(setup.run).rejects.toMatchObject({ name: "DeviceNotFound" });
    expect(setup.told).toEqual(["failed:0:DeviceNotFound"]);
  });

  it("creates a planned message when its turn comes", async () => {
    const hub = new FakeHub();
    const clock = new TestClock();
    const planned = [0, 1].map(() => ({
      deviceId: "a",
      make: (): Message => ({
        system: { messageId: String(clock.nowMs()) },
        properties: {},
        body: Buffer.of(),
      }),
    }));
    const startMs = clock.nowMs();
    const setup = new Setup(hub, planned, { intervalMs: 1000, clock });
    await clock.pass(1000);
    await setup.run;
    expect(hub.sends).toEqual([`a:${startMs}`, `a:${startMs + 1000}`]);
  });

  it("waits for many full devices without a listener leak warning", async () => {
    const warnings: string[] = [];
    const onWarning = ({ name }: Error): void => void warnings.push(name);
    process.on("warning", onWarning);
    const devices = Array.from({ length: 40 }, (_, n) => `d${n}`);
    const setup = new Setup(new FullHub(0), messagesTo(devices, 1));
    await atRest();
    setup.controller.abort();
    await setup.run;
    expect(setup.totals).toEqual({ sent: 0, failed: 0 });
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
  });

  describe("with a full queue", () => {
    it("fails at once in mode fail", async () => {
      const setup = new Setup(new FullHub(2), messagesTo(["a"], 3), { onQueueFull: "fail" });
      await setup.run;
      expect(setup.totals).toEqual({ sent: 2, failed: 1 });
      expect(setup.told).toEqual(["sent:0", "sent:1", `failed:2:${FULL}`]);
    });

    it("reports its growing waits, and keeps the order of waiting messages", async () => {
      const hub = new FullHub(2);
      const setup = new Setup(hub, messagesTo(["a"], 6), { windowSize: 4 });
      await setup.clock.pass(500 + 1000 + 2000);
      hub.drain("a", 10);
      await setup.clock.pass(4000);
      await setup.run;
      expect(setup.totals).toEqual({ sent: 6, failed: 0 });
      expect(hub.taken.get("a")).toEqual(ids(6));
      expect(setup.told).toEqual([
        "sent:0",
        "sent:1",
        "queueFull:a:500",
        "queueFull:a:1000",
        "queueFull:a:2000",
        "queueFull:a:4000",
        "sent:2",
        "sent:3",
        "sent:4",
        "sent:5",
      ]);
    });

    it("retries only the first waiting message", async () => {
      const hub = new FullHub(0);
      const setup = new Setup(hub, messagesTo(["a"], 5));
      await atRest();
      hub.sends.length = 0;
      await setup.clock.pass(500);
      expect(hub.sends).toEqual(["a:m0"]);
    });

    it("sends more and more at once while the device accepts them, in order", async () => {
      let inFlight = 0;
      let most = 0;
      let isFull = true;
      const hub = new FakeHub((): Promise<undefined> | typeof FULL => {
        if (isFull) return FULL;
        inFlight += 1;
        most = Math.max(most, inFlight);
        return Promise.resolve(undefined).finally(() => {
          inFlight -= 1;
        });
      });
      const setup = new Setup(hub, messagesTo(["a"], 200));
      await atRest();
      expect(hub.taken.size).toBe(0);
      isFull = false;
      setup.clock.advance(60_000);
      await setup.run;
      expect(most).toBe(32);
      expect(hub.taken.get("a")).toEqual(ids(200));
    });

    it("resets the back-off once a message is accepted", async () => {
      const hub = new FullHub(0);
      const setup = new Setup(hub, messagesTo(["a"], 2));
      await setup.clock.pass(500 + 1000);
      hub.drain("a", 1);
      await setup.clock.pass(2000);
      expect(setup.told.slice(-2)).toEqual(["sent:0", "queueFull:a:500"]);
    });

    it("fails messages exactly after the time limit", async () => {
      const hub = new FullHub(0);
      const setup = new Setup(hub, messagesTo(["a"], 3), { timeoutMs: 10_000 });
      await setup.clock.pass(9999);
      expect(setup.told.filter((text) => text.startsWith("failed"))).toEqual([]);
      await setup.clock.pass(1);
      await setup.run;
      expect(setup.totals).toEqual({ sent: 0, failed: 3 });
    });

    it("does not restart the time limit for later messages while the device accepts none", async () => {
      const hub = new FullHub(0);
      const setup = new Setup(hub, messagesTo(["a"], 100), { timeoutMs: 10_000, windowSize: 5 });
      await setup.clock.pass(10_000);
      await setup.run;
      expect(setup.totals).toEqual({ sent: 0, failed: 100 });
    });

    it("waits without limit with a time limit of 0", async () => {
      const hub = new FullHub(0);
      const setup = new Setup(hub, messagesTo(["a"], 1), { timeoutMs: 0 });
      await setup.clock.pass(24 * 3_600_000);
      hub.drain("a", 1);
      await setup.clock.pass(5000);
      await setup.run;
      expect(setup.totals).toEqual({ sent: 1, failed: 0 });
    });

    it("holds up the others once a device has a full backlog", async () => {
      const hub = new FakeHub((device) => (device === "slow" && isFull ? FULL : undefined));
      let isFull = true;
      let taken = 0;
      function* counted(): Generator<PlannedMessage> {
        for (const message of messagesTo(["slow", "fast"], 1000)) {
          taken += 1;
          yield message;
        }
      }
      const setup = new Setup(hub, counted(), { deviceBacklogSize: 10, windowSize: 4 });
      await atRest();
      // The tenth to the fast device follows the tenth to the slow one.
      expect([hub.taken.get("fast")?.length, taken]).toEqual([9, 19]);
      isFull = false;
      await setup.clock.pass(60_000);
      await setup.run;
      expect(setup.totals).toEqual({ sent: 2000, failed: 0 });
      expect(hub.taken.get("slow")).toEqual(ids(1000));
    });

    it("does not delay other devices", async () => {
      const hub = new FullHub(1);
      const setup = new Setup(hub, messagesTo(["a"], 2).concat(messagesTo(["b"], 1)));
      await atRest();
      expect(hub.taken.get("b")).toEqual(["m0"]);
      expect(setup.told).toContain("sent:2");
    });
  });

  it("waits out throttling, even in mode fail", async () => {
    const hub = new FullHub(1, "Throttling");
    const setup = new Setup(hub, messagesTo(["a"], 2), { onQueueFull: "fail" });
    await atRest();
    hub.drain("a", 1);
    await setup.clock.pass(500);
    await setup.run;
    expect(setup.totals).toEqual({ sent: 2, failed: 0 });
    expect(setup.told).toEqual(["sent:0", "throttled:a:500", "sent:1"]);
  });

  it("when aborted, reads no more messages, leaves waiting ones unsent, and awaits those in flight", async () => {
    const inFlight = createDeferred<undefined>();
    const hub = new FakeHub((device) => (device === "a" ? FULL : inFlight.promise));
    const setup = new Setup(hub, messagesTo(["a", "b"], 50), { backlogSize: 4 });
    await atRest();
    setup.controller.abort();
    await atRest();
    inFlight.resolve(undefined);
    await setup.run;
    expect(setup.totals).toEqual({ sent: 2, failed: 0 });
    expect(setup.told.filter((text) => text.startsWith("unsent"))).toEqual([
      "unsent:0",
      "unsent:2",
    ]);
    expect(hub.sends).toHaveLength(4);
  });

  it("serves the other devices while one device's queue is full", async () => {
    const hub = new FakeHub((device) => (device === "slow" ? FULL : undefined));
    const setup = new Setup(hub, messagesTo(["slow", "fast"], 1000), { windowSize: 4 });
    await atRest();
    expect(hub.taken.get("fast")).toEqual(ids(1000));
    setup.controller.abort();
    await setup.run;
    expect(setup.totals).toEqual({ sent: 1000, failed: 0 });
    expect(setup.told.filter((text) => text.startsWith("unsent"))).toHaveLength(1000);
  });

  it("creates a message once, when it is first sent", async () => {
    const hub = new FullHub(1);
    const made: string[] = [];
    const planned = ids(3).map((messageId) => ({
      deviceId: "a",
      make: (): Message => {
        made.push(messageId);
        return { system: { messageId }, properties: {}, body: Buffer.of() };
      },
    }));
    const setup = new Setup(hub, planned);
    await atRest();
    // All were in flight when the second was refused; none is created again for a retry.
    hub.drain("a", 3);
    await setup.clock.pass(500);
    await setup.run;
    expect(setup.totals).toEqual({ sent: 3, failed: 0 });
    expect(made).toEqual(ids(3));
  });

  it("can be aborted while it waits for the next message", async () => {
    async function* silent(): AsyncGenerator<PlannedMessage> {
      yield* messagesTo(["a"], 1);
      await new Promise(() => {});
    }
    const setup = new Setup(new FakeHub(), silent());
    await atRest();
    setup.controller.abort();
    await setup.run;
    expect(setup.totals).toEqual({ sent: 1, failed: 0 });
  });

  it.each(["ConnectionLost", "IotHubUnauthorized"] as const)(
    "ends with %s, after reporting every message read",
    async (name) => {
      const hub = new FakeHub((_, id) => (id === "m1" ? name : undefined));
      const setup = new Setup(hub, messagesTo(["a"], 1000), { windowSize: 3 });
      await expect(setup.run).rejects.toMatchObject({ name });
      expect(setup.told).toContain(name === "ConnectionLost" ? "unsent:1" : `failed:1:${name}`);
      expect(setup.told.length).toBe(hub.sends.length);
      expect(hub.sends.length).toBeLessThan(10);
    },
  );

  it("counts messages that a full device refuses after the abort as unsent", async () => {
    const answer = createDeferred<undefined>();
    const hub = new FakeHub((_, id) =>
      id === "m0" ? answer.promise.then(() => FULL as never) : "DeviceNotFound",
    );
    const setup = new Setup(hub, messagesTo(["a"], 2));
    await atRest();
    setup.controller.abort();
    answer.resolve(undefined);
    await setup.run;
    expect(setup.totals).toEqual({ sent: 0, failed: 1 });
    expect(setup.told).toEqual(["unsent:0", "failed:1:DeviceNotFound"]);
  });

  it("distinguishes messages with an unknown outcome from messages never sent", async () => {
    const end = createDeferred<undefined>();
    const hub = new FakeHub((_, id) =>
      end.promise.then(() => {
        if (id === "m0") throw new OutcomeUnknownError("ConnectionLost", "It ended", {});
        return "ConnectionLost" as never;
      }),
    );
    const setup = new Setup(hub, messagesTo(["a"], 5), { windowSize: 2 });
    await atRest();
    end.resolve(undefined);
    await expect(setup.run).rejects.toMatchObject({ name: "ConnectionLost" });
    expect(setup.told).toEqual(["failed:0:ConnectionLost", "unsent:1"]);
  });

  it("ends with the error of its messages, after reporting every message read", async () => {
    async function* broken(): AsyncGenerator<PlannedMessage> {
      yield* messagesTo(["a"], 2);
      throw new Error("no more");
    }
    const setup = new Setup(new FakeHub(), broken());
    await expect(setup.run).rejects.toThrow("no more");
    expect(setup.told).toEqual(["sent:0", "sent:1"]);
  });
});
