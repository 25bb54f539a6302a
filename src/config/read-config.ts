import { ConfigError, type ConfigProblem } from "./config-error.ts";
import { type ConfigInputs, loadSettings } from "./load-settings.ts";
import { proxySecrets } from "./proxy-secrets.ts";
import { secretsIn } from "./secrets-in.ts";
import { SettingReader } from "./setting-reader.ts";
import { SERVICE_TRANSPORTS } from "./settings.ts";

interface Secrets {
  /** Must not be printed. */
  readonly secrets: readonly string[];
}

export interface CommonServiceConfig extends Secrets {
  readonly transport: (typeof SERVICE_TRANSPORTS)[number];
  /** PEM. */
  readonly ca?: string | undefined;
}

/**
 * @param read Reports problems to the reader; returns undefined only if there are any.
 * @throws ConfigError with every problem.
 */
export function readConfig<T extends object>(
  inputs: ConfigInputs,
  read: (reader: SettingReader) => T | undefined,
): T & Secrets {
  const problems: ConfigProblem[] = [];
  const settings = loadSettings(inputs, problems);
  const values = read(new SettingReader(settings, problems, inputs.directory));
  if (problems.length > 0 || !values) throw new ConfigError(problems);
  return { ...values, secrets: [...secretsIn(settings), ...proxySecrets(inputs.env)] };
}

export function readServiceConfig<T extends object>(
  inputs: ConfigInputs,
  read: (reader: SettingReader) => T | undefined,
): T & CommonServiceConfig {
  return readConfig(inputs, (reader) => {
    const values = read(reader);
    const ca = reader.certificate("caFile");
    const transport = reader.choice("serviceTransport", SERVICE_TRANSPORTS);
    return values && transport && { ...values, ca, transport };
  });
}
