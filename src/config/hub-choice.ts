import type { SettingReader } from "./setting-reader.ts";
import { describeSource, rankOf, type SettingSource } from "./setting-source.ts";
import { longFlag, type SettingKey, settingOf } from "./settings.ts";

export interface HubChoice<K extends SettingKey> {
  readonly key: K | "local";
  readonly source: SettingSource;
}

/** Never falls back to the local hub. */
export function chooseHub<K extends SettingKey>(
  reader: SettingReader,
  keys: readonly K[],
): HubChoice<K> | undefined {
  const choices = namedHubs(reader, keys);
  const highest = Math.max(...choices.map(({ source }) => rankOf(source)));
  const [winner, conflicting] = choices.filter(({ source }) => rankOf(source) === highest);
  if (winner === undefined) reportNoHub(reader, keys);
  if (winner === undefined || conflicting === undefined) return winner;
  return reportConflict(reader, winner, conflicting);
}

export function namedHubs<K extends SettingKey>(
  reader: SettingReader,
  keys: readonly K[],
): HubChoice<K>[] {
  const local = reader.flag("local");
  const named: HubChoice<K>[] = local ? [{ key: "local", source: local.source }] : [];
  for (const key of keys) {
    const source = reader.settings[key]?.source;
    if (source) named.push({ key, source });
  }
  return named;
}

export function reportConflict(
  reader: SettingReader,
  ...conflicting: readonly [HubChoice<SettingKey>, HubChoice<SettingKey>]
): undefined {
  reader.problems.push({
    where: conflicting.map(({ key, source }) => describeSource(key, source)).join(" and "),
    what: "both name a hub, and neither takes precedence",
    fix: "Keep one of the two.",
  });
  return undefined;
}

const OTHER_SIDE: Partial<Record<SettingKey, SettingKey>> = {
  hubConnectionString: "deviceConnectionString",
  deviceConnectionString: "hubConnectionString",
};

function reportNoHub(reader: SettingReader, keys: readonly SettingKey[]): void {
  const key = keys[0] ?? "local";
  const { variable, help } = settingOf(key);
  const otherKey = OTHER_SIDE[key];
  const other = otherKey && reader.settings[otherKey];
  const seen =
    other && otherKey
      ? ` (${describeSource(otherKey, other.source)} is set, but that is a ${settingOf(otherKey).help})`
      : "";
  reader.problems.push({
    where: `${longFlag(key)} or ${variable}`,
    what: `no hub is configured: a ${help} is missing${seen}`,
    fix: [
      `Give the connection string: ${longFlag(key)} "HostName=…" or export ${variable}="HostName=…"`,
      "or put it in .env (cp .env.example .env)",
      "or use the local hub, which needs no account: --local",
    ].join("\n"),
  });
}
