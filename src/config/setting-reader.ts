/** Collects problems instead of stopping at the first. */

import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { ConnectionStringError, splitHostPort } from "../core/connection-string.ts";
import { validateDeviceId } from "../core/device-identity.ts";
import type { ConfigProblem } from "./config-error.ts";
import type { FoundSetting, FoundSettings } from "./load-settings.ts";
import { describeSource } from "./setting-source.ts";
import { longFlag, type SettingKey, settingOf } from "./settings.ts";

export class SettingReader {
  readonly settings: FoundSettings;
  readonly problems: ConfigProblem[];
  readonly #directory: string;

  constructor(settings: FoundSettings, problems: ConfigProblem[], directory: string) {
    this.settings = settings;
    this.problems = problems;
    this.#directory = directory;
  }

  report(key: SettingKey, what: string, fix: string): undefined {
    const source = this.settings[key]?.source;
    this.problems.push({ where: source ? describeSource(key, source) : nameOf(key), what, fix });
    return undefined;
  }

  text(key: SettingKey): string | undefined {
    return this.settings[key]?.value;
  }

  isFlag(key: SettingKey): boolean {
    return this.settings[key]?.source.type === "flag";
  }

  flag(key: SettingKey): FoundSetting | undefined {
    const found = this.settings[key];
    if (!found || /^(0|false|no|off)$/i.test(found.value)) return undefined;
    if (/^(1|true|yes|on)$/i.test(found.value)) return found;
    return this.report(key, "must be 1 or 0", `Set ${settingOf(key).variable} to 1, or remove it.`);
  }

  choice<T extends string>(key: SettingKey, supported: readonly T[]): T | undefined {
    const value = this.text(key);
    const choice = supported.find((one) => one === value);
    if (choice !== undefined || value === undefined) return choice;
    const what = `must be one of ${supported.join(", ")}`;
    return this.report(key, what, `Use ${supported.join(" or ")}.`);
  }

  connectionString<T extends { readonly hostName: string; readonly deviceId?: string }>(
    key: SettingKey,
    parse: (text: string) => T,
  ): T | undefined {
    try {
      const parsed = parse(this.text(key) ?? "");
      if (!isHostName(parsed.hostName)) {
        return this.report(key, "its HostName is not a valid host name", HOST_NAME_HINT);
      }
      const fault = parsed.deviceId === undefined ? undefined : deviceIdFault(parsed.deviceId);
      return fault === undefined
        ? parsed
        : this.report(key, "its DeviceId is not a valid device id", fault);
    } catch (error) {
      if (!(error instanceof ConnectionStringError)) throw error;
      return this.report(key, error.message, error.hint);
    }
  }

  /** A bare first label is reported as a mistake. */
  hostName(key: SettingKey): string | undefined {
    const value = this.text(key)?.trim();
    if (value === undefined) return undefined;
    const { host, port } = splitHostPort(value);
    const isHost = isHostName(value);
    const isWhole = host.includes(".") || host === "localhost" || port !== undefined;
    if (isHost && isWhole) return value;
    return this.report(
      key,
      isHost ? `'${value}' is not a full host name` : "not a valid host name",
      isHost ? `Use the full name: ${value}.azure-devices.net.` : HOST_NAME_HINT,
    );
  }

  deviceId(key: SettingKey): string | undefined {
    return this.#validId(key, (id) => id);
  }

  /** `*` is valid in an id, and `\*` is for a literal one. */
  deviceIdPattern(key: SettingKey): string | undefined {
    return this.#validId(key, (pattern) => pattern.replaceAll("\\*", "*"));
  }

  #validId(key: SettingKey, toId: (value: string) => string): string | undefined {
    const value = this.text(key);
    if (value === undefined) return undefined;
    const fault = deviceIdFault(toId(value));
    return fault === undefined
      ? value
      : this.report(key, "not a valid device id", `${fault} Correct ${nameOf(key)}.`);
  }

  file(key: SettingKey): string | undefined {
    const path = this.text(key);
    if (path === undefined) return undefined;
    try {
      return readFileSync(resolve(this.#directory, path), "utf8");
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      return this.report(
        key,
        `cannot read the file ${path} (${code})`,
        `Set ${nameOf(key)} to a readable file.`,
      );
    }
  }

  privateKey(
    key: SettingKey,
    passphrase: string | undefined,
    certificate: string | undefined,
  ): string | undefined {
    const text = this.file(key);
    if (text === undefined) return undefined;
    const privateKey = openPrivateKey(text, passphrase);
    if (privateKey === undefined) {
      return this.report(
        key,
        `${this.text(key)} is not a PEM private key, or the passphrase does not decrypt it`,
        "A PEM key starts with -----BEGIN … PRIVATE KEY-----; an encrypted one needs --passphrase.",
      );
    }
    const isPair = !certificate || new X509Certificate(certificate).checkPrivateKey(privateKey);
    return isPair
      ? text
      : this.report(
          key,
          `the key in ${this.text(key)} does not match the certificate`,
          "Use the key that belongs to the certificate.",
        );
  }

  certificate(key: SettingKey): string | undefined {
    const text = this.file(key);
    if (text === undefined) return undefined;
    try {
      new X509Certificate(text);
      return text;
    } catch {
      return this.report(
        key,
        `${this.text(key)} is not a PEM certificate`,
        "A PEM certificate starts with -----BEGIN CERTIFICATE-----.",
      );
    }
  }
}

function openPrivateKey(text: string, passphrase: string | undefined): KeyObject | undefined {
  try {
    return createPrivateKey({ key: text, ...(passphrase !== undefined && { passphrase }) });
  } catch {
    return undefined;
  }
}

const HOST_NAME_HINT = "A host name looks like <hub>.azure-devices.net, without https:// or a key.";

/** Letters, digits, `-`, `.` and, for internal names, `_`; optionally a port from 1 to 65535. */
function isHostName(text: string): boolean {
  const { host, port = 443 } = splitHostPort(text);
  return /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/i.test(host) && port > 0 && port <= 65_535;
}

/** Undefined if it is a valid device id. */
export function deviceIdFault(text: string): string | undefined {
  // A device id is printed everywhere, so a misplaced connection string would leak its key.
  if (/(^|;)\s*(HostName|SharedAccessKey)=/i.test(text)) {
    return "This is a connection string: pass it with --login or --connection-string, and give only the device id here.";
  }
  try {
    validateDeviceId(text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function nameOf(key: SettingKey): string {
  const flag = longFlag(key);
  const { variable } = settingOf(key);
  return [flag, variable].filter((name) => name !== undefined).join(" or ");
}
