import { describe, expect, it } from "vitest";
import { createDeferred } from "../../../src/async/deferred.ts";
import type {
  Delivery,
  DeviceConnection,
} from "../../../src/client/connection/device-connection.ts";
import { HELD_MS } from "../../../src/client/connection/reconnect.ts";
import {
  type ConnectionEvent,
  type ConnectionHandlers,
  type DeviceHubWatch,
  type KeepConnectedOptions,
  keepConnected,
  type LossCause,
} from "../../../src/client/device/keep-connected.ts";
import { ClientError, type ClientErrorName } from "../../../src/client/errors/client-error.ts";
import { atRest, TestClock } from "../../support/test-clock.ts";

const errorOf = (name: ClientErrorName): ClientError => new ClientError(name, `it is ${name}`);

/** The result of each connection attempt, in order: an error, or a connection. */
type Attempt = ClientErrorName | "open" | "pending";

class Setup {
  readonly clock = new TestClock();
  readonly events: ConnectionEvent[] = [];
  readonly controller = new AbortController();
  readonly connections: (DeviceConnection & {
    readonly handlers: ConnectionHandlers;
    readonly isClosed: boolean;
  })[] = [];
  readonly run: Promise<void>;
  readonly #attempts: Attempt[];

  constructor(attempts: Attempt[], options: Partial<KeepConnectedOptions> = {}) {
    this.#attempts = attempts;
    this.run = keepConnected({
      connect: (handlers) => this.#connect(handlers),
      signal: this.controller.signal,
      reconnect: true,
      onEvent: (event) => this.events.push(event),
      clock: this.clock,
      random: () => 0.999999,
      ...options,
    });
    this.run.catch(() => {});
  }

  async #connect(handlers: ConnectionHandlers) {
    const attempt = this.#attempts.shift();
    if (attempt === "pending") {
      const pending = createDeferred<never>();
      handlers.signal.addEventListener("abort", () => pending.reject(errorOf("ConnectionLost")));
      return await pending.promise;
    }
    if (attempt !== "open") throw errorOf(attempt ?? "ServerError");
    const connection = {
      handlers,
      isClosed: false,
      keepsOrder: true,
      sendEvent: async () => {},
      stopReceiving: async () => {},
      close: async () => {
        connection.isClosed = true;
      },
    };
    this.connections.push(connection);
    return connection;
  }

  lose(name: ClientErrorName = "ConnectionLost"): void {
    this.connections.at(-1)?.handlers.onDisconnect(errorOf(name));
  }

  of<T extends ConnectionEvent["type"]>(type: T): Extract<ConnectionEvent, { type: T }>[] {
    return this.events.filter(
      (event): event is Extract<ConnectionEvent, { type: T }> => event.type === type,
    );
  }
}

function watching(cause: LossCause): DeviceHubWatch {
  return {
    hasEnded: () => cause === "hubEnded",
    untilEnded: () => new Promise(() => {}),
    examineLoss: () => Promise.resolve(cause),
  };
}

describe("keepConnected", () => {
  it("reports connecting, ready and deliveries, and closes when aborted", async () => {
    const setup = new Setup(["open"]);
    await atRest();
    const delivery = {} as Delivery;
    setup.connections[0]?.handlers.onDelivery(delivery);
    setup.controller.abort();
    await setup.run;
    expect(setup.events).toEqual([
      { type: "connecting", attempt: 1 },
      { type: "ready", ordinal: 1, connection: setup.connections[0] },
      { type: "delivery", delivery },
    ]);
    expect(setup.connections[0]?.isClosed).toBe(true);
  });

  it("reports messages that arrive while connecting after ready, in order", async () => {
    const deliveries = [{}, {}] as Delivery[];
    const events: ConnectionEvent[] = [];
    const controller = new AbortController();
    await keepConnected({
      signal: controller.signal,
      reconnect: true,
      onEvent: (event) => {
        events.push(event);
        if (event.type === "delivery" && event.delivery === deliveries[1]) controller.abort();
      },
      connect: async ({ onDelivery }) => {
        for (const delivery of deliveries) onDelivery(delivery);
        const nothing = async () => {};
        return { keepsOrder: true, sendEvent: nothing, stopReceiving: nothing, close: nothing };
      },
    });
    expect(events.map(({ type }) => type)).toEqual(["connecting", "ready", "delivery", "delivery"]);
    expect(events.slice(2)).toEqual(deliveries.map((delivery) => ({ type: "delivery", delivery })));
  });

  it("ends with any error of the first connect", async () => {
    const setup = new Setup(["ConnectionRefused", "open"]);
    await expect(setup.run).rejects.toMatchObject({ name: "ConnectionRefused" });
  });

  it("ends with the lost connection when reconnect is off", async () => {
    const setup = new Setup(["open", "open"], { reconnect: false });
    await atRest();
    setup.lose();
    await expect(setup.run).rejects.toMatchObject({ name: "ConnectionLost" });
    expect(setup.connections).toHaveLength(1);
  });

  it("retries indefinitely, with a back-off of up to a minute", async () => {
    const failures = Array<Attempt>(20).fill("ConnectionRefused");
    const setup = new Setup(["open", ...failures, "open"]);
    await atRest();
    setup.lose();
    await setup.clock.pass(3_600_000);
    expect(setup.of("disconnected")).toMatchObject([{ retryInMs: 1000, cause: "unknown" }]);
    expect(setup.of("connectFailed").map((event) => event.retryInMs)).toEqual([
      2000,
      4000,
      8000,
      16_000,
      32_000,
      ...Array(15).fill(60_000),
    ]);
    expect(setup.of("ready").at(-1)).toEqual({
      type: "ready",
      ordinal: 2,
      connection: setup.connections[1],
    });
    expect(setup.of("connecting").at(-1)).toEqual({ type: "connecting", attempt: 21 });
  });

  it("waits exactly as long as reported", async () => {
    const setup = new Setup(["open", "open"]);
    await atRest();
    setup.lose();
    await setup.clock.pass(999);
    expect(setup.connections).toHaveLength(1);
    await setup.clock.pass(1);
    expect(setup.connections).toHaveLength(2);
  });

  it("resets the back-off only after a stable connection", async () => {
    const setup = new Setup(["open", "open", "open", "open"]);
    await atRest();
    setup.lose();
    await setup.clock.pass(1000);
    setup.lose();
    await setup.clock.pass(2000);
    await setup.clock.pass(HELD_MS);
    setup.lose();
    await setup.clock.pass(1000);
    expect(setup.of("disconnected").map((event) => event.retryInMs)).toEqual([1000, 2000, 1000]);
    expect(setup.of("ready")).toHaveLength(4);
  });

  it("suspects another client after several short-lived connections, and then gives up", async () => {
    const setup = new Setup(Array<Attempt>(10).fill("open"));
    await setup.clock.pass(3_600_000);
    for (const waitMs of [1000, 2000, 4000, 8000, 0]) {
      setup.lose();
      await setup.clock.pass(waitMs);
    }
    await expect(setup.run).rejects.toMatchObject({
      name: "ConnectionForcefullyClosedOnNewConnection",
      hint: expect.stringContaining("stop the other client"),
    });
    expect(setup.of("disconnected").map(({ cause }) => cause)).toEqual([
      "unknown",
      "unknown",
      "maybeTakenOver",
      "maybeTakenOver",
    ]);
    expect(setup.connections).toHaveLength(5);
  });

  it.each(["LinkCreationConflict", "ConnectionForcefullyClosedOnNewConnection"] as const)(
    "recognises a takeover that the hub reports as %s",
    async (name) => {
      const setup = new Setup(["open"]);
      await setup.clock.pass(3_600_000);
      setup.lose(name);
      await atRest();
      expect(setup.of("disconnected")).toMatchObject([{ cause: "takenOver", retryInMs: 1000 }]);
    },
  );

  it("gives up when another client takes over twice without a stable connection between", async () => {
    const setup = new Setup(["open", "open", "open"]);
    await setup.clock.pass(HELD_MS);
    setup.lose("LinkCreationConflict");
    await setup.clock.pass(1000);
    setup.lose("LinkCreationConflict");
    await expect(setup.run).rejects.toMatchObject({
      name: "ConnectionForcefullyClosedOnNewConnection",
      cause: { name: "LinkCreationConflict" },
    });
    expect(setup.connections).toHaveLength(2);
  });

  it("does not give up for occasional takeovers", async () => {
    const setup = new Setup(Array<Attempt>(10).fill("open"));
    for (let time = 0; time < 5; time++) {
      await setup.clock.pass(HELD_MS);
      setup.lose("LinkCreationConflict");
      await setup.clock.pass(1000);
    }
    expect(setup.connections).toHaveLength(6);
  });

  it("reports the other client on the first loss when reconnect is off", async () => {
    const setup = new Setup(["open"], { reconnect: false, watch: watching("takenOver") });
    await atRest();
    setup.lose();
    await expect(setup.run).rejects.toMatchObject({
      name: "ConnectionForcefullyClosedOnNewConnection",
    });
  });

  it("uses the hub's own report of the takeover", async () => {
    const setup = new Setup(Array<Attempt>(10).fill("open"), { watch: watching("takenOver") });
    await setup.clock.pass(3_600_000);
    setup.lose();
    await setup.clock.pass(1000);
    setup.lose();
    await expect(setup.run).rejects.toMatchObject({
      name: "ConnectionForcefullyClosedOnNewConnection",
    });
    expect(setup.of("disconnected").map(({ cause }) => cause)).toEqual(["takenOver"]);
  });

  it("suspects no other client when the hub rules it out", async () => {
    const setup = new Setup(Array<Attempt>(10).fill("open"), { watch: watching("unknown") });
    for (let time = 0; time < 8; time++) {
      await setup.clock.pass(60_000 - HELD_MS);
      setup.lose();
      await atRest();
    }
    expect(new Set(setup.of("disconnected").map(({ cause }) => cause))).toEqual(
      new Set(["unknown"]),
    );
  });

  it("reconnects at once to a hub that was restarted, however often", async () => {
    const setup = new Setup(Array<Attempt>(10).fill("open"), { watch: watching("hubEnded") });
    await atRest();
    for (let time = 0; time < 8; time++) {
      setup.lose();
      await atRest();
    }
    expect(setup.connections).toHaveLength(9);
    expect(setup.of("disconnected").map(({ retryInMs }) => retryInMs)).toEqual(Array(8).fill(0));
  });

  it("skips the rest of its back-off once the hub has stopped", async () => {
    const ended = createDeferred<void>();
    const watch = { ...watching("unknown"), untilEnded: () => ended.promise };
    const setup = new Setup(["open", "ConnectTimeout", "open"], { watch });
    await atRest();
    setup.lose();
    await setup.clock.pass(1000);
    expect(setup.of("connectFailed")).toMatchObject([{ retryInMs: 2000 }]);
    ended.resolve();
    await atRest();
    expect(setup.of("ready")).toHaveLength(2);
  });

  it.each([
    ["it held in between", ["open", "open", "open"], HELD_MS],
    ["the hub was away in between", ["open", "ConnectionRefused", "open", "open"], 0],
  ] as [string, Attempt[], number][])(
    "suspects no other client when %s",
    async (_, attempts, heldMs) => {
      const setup = new Setup(attempts);
      await atRest();
      setup.lose();
      await setup.clock.pass(3000);
      await setup.clock.pass(heldMs);
      setup.lose();
      await atRest();
      expect(setup.of("disconnected").map(({ cause }) => cause)).toEqual(["unknown", "unknown"]);
    },
  );

  it("can be aborted while it waits to reconnect", async () => {
    const setup = new Setup(["open", "open"]);
    await atRest();
    setup.lose();
    await atRest();
    setup.controller.abort();
    await setup.run;
    expect(setup.connections).toHaveLength(1);
  });

  it("can be aborted while it connects", async () => {
    const setup = new Setup(["pending"]);
    await atRest();
    setup.controller.abort();
    await setup.run;
  });

  it("does not connect at all when already aborted", async () => {
    const controller = new AbortController();
    controller.abort();
    const setup = new Setup(["open"], { signal: controller.signal });
    await setup.run;
    expect(setup.connections).toHaveLength(0);
  });
});
