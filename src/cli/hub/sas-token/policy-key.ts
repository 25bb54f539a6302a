import type { HubConfig } from "../../../config/hub-config.ts";
import { parseHubConnectionString } from "../../../core/connection-string.ts";
import { Secret } from "../../../core/secret.ts";
import { homePaths } from "../../../hub/home/home.ts";
import { readInstallation } from "../../../hub/home/installation.ts";
import { describeHub, resolveServiceTarget } from "../../local/connect-target.ts";
import { requireHub } from "../../local/require-hub.ts";
import type { Context } from "../../program/run-program.ts";
import { UsageError } from "../../terminal/usage-error.ts";

export interface PolicyKey {
  /** As in connection strings. */
  readonly hostName: string;
  readonly policyName: string;
  readonly key: Secret;
}

interface Wanted {
  /** Default: that of the connection string. */
  readonly policy?: string;
  readonly connectTimeout: number;
}

/** @throws UsageError if the key of that policy is not known; LocalHubError, ClientError */
export async function findPolicyKey(
  { hub, ca }: HubConfig,
  wanted: Wanted,
  context: Context,
): Promise<PolicyKey> {
  if (hub.type === "login") {
    throw new UsageError(
      "a token for a hub is signed with the key of a policy, and --auth-type login has none",
      "Give --login <connection string>; or only -d <device>, to sign with the device's key.",
    );
  }
  if (hub.type === "local") {
    const { signal } = context.interruption;
    const options = { ca, connectTimeoutMs: wanted.connectTimeout, signal };
    const { connectionString } = await resolveServiceTarget(hub, [], options, context);
    context.reporter.info(describeHub(connectionString.hostName, hub));
    return await findLocalPolicyKey(hub.home, wanted);
  }
  const { hostName, sharedAccessKeyName: policyName, sharedAccessKey: key } = hub.connectionString;
  context.reporter.info(describeHub(hostName, hub));
  if (wanted.policy === undefined || wanted.policy === policyName) {
    return { hostName, policyName, key };
  }
  throw new UsageError(
    `--policy ${wanted.policy} needs that policy's key, and the connection string has the key of ${policyName}`,
    `Omit --policy, or give the connection string of ${wanted.policy} with --login.`,
  );
}

async function findLocalPolicyKey(home: string, wanted: Wanted): Promise<PolicyKey> {
  const { hostName, connectionString } = await requireHub(home, {
    timeoutMs: wanted.connectTimeout,
  });
  const owner = parseHubConnectionString(connectionString);
  const { policy = owner.sharedAccessKeyName } = wanted;
  const { policies } = readInstallation(homePaths(home).installationFile);
  const found = policies.find(({ name }) => name === policy);
  if (found) return { hostName, policyName: policy, key: new Secret(found.primaryKey) };
  const names = policies.map(({ name }) => name).join(", ");
  throw new UsageError(`the local hub has no policy '${policy}'`, `One of: ${names}.`);
}
