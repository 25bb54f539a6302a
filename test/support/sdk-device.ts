import { readFileSync } from "node:fs";
import https from "node:https";
import tls from "node:tls";
import common from "azure-iot-common";
import device from "azure-iot-device";
import { onTestFinished } from "vitest";
import type { LocalHub } from "../../src/hub/local-hub.ts";

type Transport = Parameters<typeof device.Client.fromConnectionString>[1];

/** The SDK's own device client, open until the test ends; requires `hub.trust()`. */
export async function openSdkDevice(
  hub: LocalHub,
  transport: Transport,
  deviceId = "device1",
): Promise<device.Client> {
  const client = device.Client.fromConnectionString(
    hub.deviceConnectionString(deviceId),
    transport,
  );
  client.setRetryPolicy(new common.NoRetry());
  onTestFinished(async () => {
    await client.close().catch(() => {});
  });
  await client.open();
  return client;
}

/**
 * The same over HTTPS. The SDK knows no other port than 443: the agent that its options take leads
 * it to the hub's.
 */
export function createSdkHttpDevice(
  hub: LocalHub,
  transport: Transport,
  deviceId = "device1",
): device.Client {
  const [port] = hub.ports;
  const withoutPort = hub
    .deviceConnectionString(deviceId)
    .replace(`localhost:${port}`, "localhost");
  const client = device.Client.fromConnectionString(withoutPort, transport);
  client.setRetryPolicy(new common.NoRetry());
  const agent = new https.Agent();
  const ca = readFileSync(hub.caFile);
  Object.assign(agent, {
    createConnection: (options: tls.ConnectionOptions) =>
      tls.connect({ ...options, ca, port: port ?? 0 }),
  });
  onTestFinished(() => agent.destroy());
  // Its promise never resolves.
  void client.setOptions({ http: { agent } });
  return client;
}
