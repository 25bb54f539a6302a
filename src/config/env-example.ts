import { SETTING_KEYS, type SettingKey, settingOf } from "./settings.ts";

const HEAD = `# Copy this file to .env. Flags and environment variables take precedence over it.
# As it is, every command uses the local hub and needs no account. For Azure IoT Hub, comment out
# C2D_LOCAL and fill in the connection strings.
`;

const ACTIVE: readonly SettingKey[] = ["local"];

export function formatEnvExample(): string {
  const keys = SETTING_KEYS.filter((key) => settingOf(key).variable !== undefined);
  return [HEAD, ...keys.map(formatEntry)].join("\n");
}

function formatEntry(key: SettingKey): string {
  const { variable, help, example = "" } = settingOf(key);
  const hash = ACTIVE.includes(key) ? "" : "#";
  const text = `${help.charAt(0).toUpperCase()}${help.slice(1)}.`;
  return `# ${text}\n${hash}${variable}=${example}\n`;
}
