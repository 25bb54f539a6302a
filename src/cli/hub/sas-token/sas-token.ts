import { ClientError } from "../../../client/errors/client-error.ts";
import { type HubConfig, loadHubConfig } from "../../../config/hub-config.ts";
import { formatSasToken } from "../../../core/sas-token.ts";
import { loadConfig } from "../../program/load-config.ts";
import type { Context } from "../../program/run-program.ts";
import { EXIT_CODES, type ExitCode } from "../../terminal/exit-code.ts";
import { formatJsonLine } from "../../terminal/json-line.ts";
import { formatTime } from "../../text/time.ts";
import type { RegistryFlags } from "../registry/device-flags.ts";
import { findPolicyKey, type PolicyKey } from "./policy-key.ts";

export interface SasTokenFlags extends RegistryFlags {
  readonly deviceId?: string;
  readonly policy?: string;
  readonly duration: number;
}

export async function sasToken(flags: SasTokenFlags, context: Context): Promise<ExitCode> {
  const config = loadConfig(loadHubConfig, "c2d-hub", flags, context);
  const { hostName, policyName, key } =
    flags.deviceId !== undefined && flags.policy === undefined
      ? await findDeviceKey(config, flags.deviceId, flags, context)
      : await findPolicyKey(config, flags, context);
  const { deviceId } = flags;
  const expirySeconds = Math.ceil((Date.now() + flags.duration) / 1000);
  const token = formatSasToken({
    resource: deviceId === undefined ? hostName : `${hostName}/devices/${deviceId}`,
    key: key.reveal(),
    expirySeconds,
    ...(policyName !== undefined && { policyName }),
  });
  const expiryTimeUtc = formatTime(expirySeconds * 1000);
  context.reporter.detail(`The token expires at ${expiryTimeUtc}.`);
  await context.io.stdout.write(
    flags.output === "json"
      ? formatJsonLine({ type: "sasToken", deviceId, policy: policyName, expiryTimeUtc, token })
      : `${token}\n`,
  );
  return EXIT_CODES.done;
}

type SigningKey = Omit<PolicyKey, "policyName"> & Partial<PolicyKey>;

async function findDeviceKey(
  config: HubConfig,
  deviceId: string,
  { connectTimeout }: SasTokenFlags,
  context: Context,
): Promise<SigningKey> {
  const { withRegistry } = await import("../registry/registry-session.ts");
  return await withRegistry(config, connectTimeout, context, async ({ registry, hub }) => {
    const { authentication } = await registry.get(deviceId);
    const key = authentication?.primaryKey;
    if (key !== undefined) return { hostName: hub.hostName, key };
    throw authentication?.type === "sas"
      ? new ClientError("ArgumentInvalid", "The hub did not return the device's key.", {
          hint: "Use a policy that can read keys, such as iothubowner; or --policy, to sign with the policy's own key.",
        })
      : new ClientError("ArgumentInvalid", "The device authenticates without keys.", {
          hint: "A device with a certificate uses no token.",
        });
  });
}
