import { once } from "node:events";
import { readFileSync } from "node:fs";
import common from "azure-iot-common";
import device from "azure-iot-device";
import deviceMqtt from "azure-iot-device-mqtt";
import { describe, expect, it, onTestFinished } from "vitest";
import { trustInThisProcess } from "../../src/hub/listener/process-trust.ts";
import { RunningExecutable, run } from "../cli/support/run-executable.ts";
import { temporaryDirectory } from "../support/local-hub.ts";
import { consume, openSdkConsumer } from "../support/sdk-consumer.ts";

const DEVICE = "device1";
const KILLS = 3;
const ACKNOWLEDGED_BEFORE_KILL = 100;

interface RunningHub {
  readonly device: string;
  readonly events: string;
  kill(): Promise<void>;
}

/** The shipped command. */
async function startHub(directory: string): Promise<RunningHub> {
  const options = { directory, env: { C2D_HOME: directory } };
  const args = ["start", "--port", "0", "--device", DEVICE, "-o", "json"];
  const hub = new RunningExecutable("c2d-hub", args, options);
  onTestFinished(() => {
    hub.process.kill("SIGKILL");
  });
  await hub.waitFor("stdout", '"type":"hub"');
  const env = await run("c2d-hub", ["env", "--format", "json", "--device-id", DEVICE], options);
  const variables = JSON.parse(env.stdout) as Record<string, string>;
  const distrust = trustInThisProcess(readFileSync(variables.IOTHUB_CA_FILE ?? "", "utf8"));
  onTestFinished(distrust);
  return {
    device: variables.IOTHUB_DEVICE_CONNECTION_STRING ?? "",
    events: variables.EVENTHUB_CONNECTION_STRING ?? "",
    async kill() {
      hub.process.kill("SIGKILL");
      await hub.ended;
    },
  };
}

/** Sends without waiting, kills the hub during it, and returns the acknowledged bodies. */
async function sendUntilKilled(hub: RunningHub, round: number): Promise<string[]> {
  const client = device.Client.fromConnectionString(hub.device, deviceMqtt.Mqtt);
  client.setRetryPolicy(new common.NoRetry());
  await client.open();
  const gone = once(client, "disconnect");
  const acknowledged: string[] = [];
  let killed: Promise<void> | undefined;
  for (let n = 0; n < 10 * ACKNOWLEDGED_BEFORE_KILL; n++) {
    const body = `"${round}.${n}"`;
    client.sendEvent(new common.Message(body)).then(
      () => {
        acknowledged.push(body);
        if (acknowledged.length === ACKNOWLEDGED_BEFORE_KILL) killed = hub.kill();
      },
      // In flight when the hub was killed.
      () => {},
    );
  }
  await gone;
  await killed;
  await client.close().catch(() => {});
  return acknowledged;
}

/** All events, by sequence number. */
async function readAll(hub: RunningHub): Promise<Map<number, string>> {
  const client = openSdkConsumer(hub.events);
  const seen = new Map<number, string>();
  for (const partitionId of await client.getPartitionIds()) {
    const { isEmpty, lastEnqueuedSequenceNumber: last } =
      await client.getPartitionProperties(partitionId);
    if (isEmpty) continue;
    const reading = consume(client, {
      partitionId,
      skipParsingBodyAsJson: true,
      maxBatchSize: 1000,
    });
    for (const { event } of await reading.events.take(last + 1)) {
      seen.set(event.sequenceNumber, String(event.body));
    }
    await reading.close();
  }
  await client.close();
  return seen;
}

describe("a hub killed while devices send", () => {
  // Rules d2c-durable, event-sequence.
  it("has every acknowledged event after a restart, under its number", async () => {
    const directory = temporaryDirectory();
    const acknowledged: string[] = [];
    let before = new Map<number, string>();
    for (let round = 0; round < KILLS; round++) {
      acknowledged.push(...(await sendUntilKilled(await startHub(directory), round)));
      const hub = await startHub(directory);
      const seen = await readAll(hub);
      expect([...seen.keys()]).toEqual(Array.from({ length: seen.size }, (_, n) => n));
      const bodies = new Set(seen.values());
      expect(bodies.size).toBe(seen.size);
      expect(acknowledged.filter((body) => !bodies.has(body))).toEqual([]);
      for (const [number, body] of before) expect(seen.get(number)).toBe(body);
      before = seen;
      await hub.kill();
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(KILLS * ACKNOWLEDGED_BEFORE_KILL);
  });
});
