/** A hub in a home directory, and what other programs need to connect. */

import { readFileSync } from "node:fs";
import { onTestFinished } from "vitest";
import {
  parseDeviceConnectionString,
  parseHubConnectionString,
  splitHostPort,
} from "../../../src/core/connection-string.ts";
import { type HomeHubOptions, startHomeHub } from "../../../src/hub/home-hub.ts";
import type { LocalHub } from "../../../src/hub/local-hub.ts";
import { run } from "../../cli/support/run-executable.ts";
import type { RestEndpoint } from "../../contract/rest.ts";
import { ServiceClient } from "../../contract/service-client.ts";
import { EventLog } from "../../support/event-log.ts";
import { temporaryDirectory } from "../../support/local-hub.ts";
import { RunningProgram } from "../../support/running-program.ts";
import { signToken } from "../../support/sign-token.ts";

export const DEVICE = "device1";

export interface InteropHub {
  readonly hub: LocalHub;
  readonly log: EventLog;
  readonly directory: string;
  readonly endpoint: RestEndpoint & { readonly ca: string };
  /** What `c2d-hub env` sets. */
  readonly env: Readonly<Record<string, string>>;
}

/** A hub that is stopped when the test ends. */
export async function startInteropHub(options: Partial<HomeHubOptions> = {}): Promise<InteropHub> {
  const directory = temporaryDirectory();
  const hub = await startHomeHub({
    directory,
    ports: [0],
    isInMemory: true,
    devices: [DEVICE],
    feedbackIntervalMs: 10,
    ...options,
  });
  onTestFinished(() => hub.stop());
  const [port = 0] = hub.ports;
  return {
    hub,
    log: new EventLog(hub),
    directory,
    endpoint: {
      host: splitHostPort(hub.hostName).host,
      port,
      ca: readFileSync(hub.caFile, "utf8"),
    },
    env: await readEnvironment(directory),
  };
}

async function readEnvironment(directory: string): Promise<Record<string, string>> {
  const args = ["env", "--format", "json", "--device-id", DEVICE];
  const { stdout, stderr } = await run("c2d-hub", args, {
    directory,
    env: { C2D_HOME: directory },
  });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as Record<string, string>;
}

const HOUR_SECONDS = 3600;

/** For `resource`, with the owner's key. */
export function ownerToken({ hub }: InteropHub, resource = "localhost"): string {
  const { sharedAccessKey, sharedAccessKeyName } = parseHubConnectionString(hub.connectionString);
  return signToken({
    sr: encodeURIComponent(resource),
    key: sharedAccessKey.reveal(),
    se: Math.floor(Date.now() / 1000) + HOUR_SECONDS,
    skn: sharedAccessKeyName,
  });
}

/** With the device's own key. */
export function deviceToken({ hub }: InteropHub, deviceId = DEVICE, hostName = "localhost") {
  const { credential } = parseDeviceConnectionString(hub.deviceConnectionString(deviceId));
  if (credential.type !== "key") throw new Error(`${deviceId} has no key`);
  return signToken({
    sr: encodeURIComponent(`${hostName}/devices/${deviceId}`),
    key: credential.sharedAccessKey.reveal(),
    se: Math.floor(Date.now() / 1000) + HOUR_SECONDS,
  });
}

/** A service that sends, and collects feedback. */
export async function connectService(interop: InteropHub): Promise<ServiceClient> {
  const { endpoint } = interop;
  const service = await ServiceClient.connect(endpoint, endpoint.port, ownerToken(interop));
  onTestFinished(() => service.close());
  return service;
}

/** Starts an external program, which is killed when the test ends. */
export function startProgram(
  program: string,
  args: readonly string[],
  { directory, env }: InteropHub,
  variables: Readonly<Record<string, string>> = {},
): RunningProgram {
  const running = new RunningProgram(program, args, { directory, env: { ...env, ...variables } });
  onTestFinished(async () => {
    running.process.kill("SIGKILL");
    await running.ended;
  });
  return running;
}
