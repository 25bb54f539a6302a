import { resolve } from "node:path";
import { ClientError } from "../../../client/errors/client-error.ts";
import type { RegisteredDevice } from "../../../client/registry/registered-device.ts";

import type { HubConfig, NamedDevice } from "../../../config/hub-config.ts";
import { loadDeviceOfHubConfig } from "../../../config/hub-config.ts";
import type { DeviceRequest } from "../../../core/device-identity.ts";
import { loadConfig } from "../../program/load-config.ts";
import type { Context } from "../../program/run-program.ts";
import { escapeLine } from "../../terminal/escape.ts";
import { EXIT_CODES, type ExitCode } from "../../terminal/exit-code.ts";
import type { CreateFlags } from "../registry/device-flags.ts";
import {
  type DeviceFacingHub,
  type RegistryCalls,
  withRegistry,
} from "../registry/registry-session.ts";
import { requireConnectionString } from "./connection-string.ts";
import { toDeviceRequest } from "./create-options.ts";
import { diffDevice } from "./diff-device.ts";
import { learnKeys, presentDevice } from "./present-device.ts";
import {
  type DeviceAccess,
  type DeviceSettings,
  prepareEnvFile,
  writeEnvFile,
} from "./write-env.ts";

export interface CreateOptions {
  readonly flags: CreateFlags;
  readonly request: DeviceRequest;
  readonly config: HubConfig & { readonly device: NamedDevice };
}

export async function createDevice(flags: CreateFlags, context: Context): Promise<ExitCode> {
  const keys = [flags.primaryKey, flags.secondaryKey].filter((key) => key !== undefined);
  context.redactor.learn(keys);
  const request = toDeviceRequest(flags);
  const config = loadConfig(loadDeviceOfHubConfig, "c2d-hub", flags, context);
  return await runCreate({ flags, request, config }, context);
}

export async function runCreate(options: CreateOptions, context: Context): Promise<ExitCode> {
  const { flags, config } = options;
  const envFile =
    flags.writeEnv && prepareEnvFile(flags.writeEnv, context.io.directory, accessTypeOf(config));
  return await withRegistry(config, flags.connectTimeout, context, async ({ registry, hub }) => {
    const created = await create(registry, options);
    const device = created ?? (await registry.get(config.device.deviceId));
    learnKeys(device, context);
    if (created === undefined) reportExisting(device, options, context);
    // Before printing, because what is printed must be true.
    if (envFile) writeEnvFile(envFile, toSettings(device, hub, options, context), context);
    await presentDevice(created ? "CreateDevice" : "GetDevice", device, hub, flags, context);
    return EXIT_CODES.done;
  });
}

async function create(
  registry: RegistryCalls,
  { flags, request, config }: CreateOptions,
): Promise<RegisteredDevice | undefined> {
  try {
    return await registry.create(config.device.deviceId, request);
  } catch (error) {
    const isThere = error instanceof ClientError && error.name === "DeviceAlreadyExists";
    if (flags.ifNotExists && isThere) return undefined;
    throw error;
  }
}

function reportExisting(
  device: RegisteredDevice,
  { request, flags }: CreateOptions,
  { reporter }: Pick<Context, "reporter">,
): void {
  reporter.info(`${escapeLine(device.deviceId)} already exists and is left unchanged.`);
  for (const difference of diffDevice(device, request, flags)) {
    reporter.warn(`it differs from the request: ${escapeLine(difference)}`);
  }
}

function accessTypeOf({ hub }: HubConfig): DeviceAccess["type"] {
  return hub.type === "local" ? "local" : "connectionString";
}

function toSettings(
  device: RegisteredDevice,
  hub: DeviceFacingHub,
  options: CreateOptions,
  context: Pick<Context, "io">,
): DeviceSettings {
  const { deviceId, authentication } = device;
  return {
    deviceId,
    isX509: authentication !== undefined && authentication.type !== "sas",
    access:
      accessTypeOf(options.config) === "local"
        ? { type: "local" }
        : toConnectionStringAccess(device, hub, options, context),
  };
}

function toConnectionStringAccess(
  device: RegisteredDevice,
  hub: DeviceFacingHub,
  { flags, config }: CreateOptions,
  { io }: Pick<Context, "io">,
): DeviceAccess {
  const connectionString = requireConnectionString(device, hub, "--write-env");
  const caFile = config.ca === undefined ? undefined : (flags.ca ?? io.env.IOTHUB_CA_FILE);
  return {
    type: "connectionString",
    connectionString,
    ...(caFile && { caFile: resolve(io.directory, caFile) }),
  };
}
