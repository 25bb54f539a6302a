import { join } from "node:path";
import tls from "node:tls";
import { formatDeviceConnectionString } from "../../../core/connection-string.ts";
import { type HubDescription, readHomeFile, writeOwnerFile } from "../../../hub/home/home.ts";
import { ensureDevice } from "../../local/hub-api.ts";
import { type HubHome, loadHubHome } from "../../local/hub-home.ts";
import { requireHub } from "../../local/require-hub.ts";
import type { CommonFlags } from "../../program/common-options.ts";
import type { Context } from "../../program/run-program.ts";
import { EXIT_CODES, type ExitCode } from "../../terminal/exit-code.ts";
import { formatJsonLine } from "../../terminal/json-line.ts";
import { UsageError } from "../../terminal/usage-error.ts";
import { localhostWarning } from "../start/start-warnings.ts";
import { type EnvFormat, formatVariables } from "./env-formats.ts";

export interface EnvFlags extends CommonFlags {
  readonly format?: EnvFormat;
  readonly connectTimeout: number;
}

export async function env(flags: EnvFlags, context: Context): Promise<ExitCode> {
  if (flags.output === "json" && flags.format !== undefined) {
    throw new UsageError("-o json and --format cannot be combined", "Keep one of the two.");
  }
  const home = loadHubHome(flags, context.io);
  const { format = "sh", connectTimeout: connectTimeoutMs } = flags;
  return await runEnv(home, { format, connectTimeoutMs }, context);
}

/** @throws LocalHubError LocalHubNotRunning; ClientError ConnectTimeout for a hub that hangs. */
export async function runEnv(
  { home, deviceId }: HubHome,
  { format, connectTimeoutMs }: { readonly format: EnvFormat; readonly connectTimeoutMs: number },
  { io, flags, reporter }: Context,
): Promise<ExitCode> {
  const hub = await requireHub(home, { timeoutMs: connectTimeoutMs });
  const variables = await collectVariables(hub, home, deviceId);
  const warning = await localhostWarning(hub);
  if (warning !== undefined) reporter.warn(warning);
  await io.stdout.write(
    flags.output === "json"
      ? formatJsonLine({ type: "env", ...variables })
      : formatVariables(variables, format),
  );
  return EXIT_CODES.done;
}

async function collectVariables(
  hub: HubDescription,
  home: string,
  deviceId: string,
): Promise<Readonly<Record<string, string>>> {
  const device = await ensureDevice(hub, deviceId);
  const bundleFile = writeBundle(hub, home);
  return {
    IOTHUB_CONNECTION_STRING: hub.connectionString,
    IOTHUB_DEVICE_CONNECTION_STRING: formatDeviceConnectionString({
      ...device,
      hostName: hub.hostName,
    }),
    IOTHUB_DEVICE_ID: deviceId,
    EVENTHUB_CONNECTION_STRING: hub.eventHubConnectionString,
    IOTHUB_CA_FILE: hub.caFile,
    NODE_EXTRA_CA_CERTS: hub.caFile,
    SSL_CERT_FILE: bundleFile,
    REQUESTS_CA_BUNDLE: bundleFile,
  };
}

/** The public roots and our CA: SSL_CERT_FILE replaces the trust store, so it needs both. */
function writeBundle({ caFile }: HubDescription, home: string): string {
  const path = join(home, "ca-bundle.pem");
  writeOwnerFile(path, `${[...tls.rootCertificates, readHomeFile(caFile)].join("\n")}\n`);
  return path;
}
