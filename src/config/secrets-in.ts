import type { FoundSettings } from "./load-settings.ts";
import { SETTING_KEYS, settingOf } from "./settings.ts";

/** Each secret value, and the keys and signatures within it, both URL-encoded and decoded. */
export function secretsIn(settings: FoundSettings): string[] {
  const secrets = new Set<string>();
  for (const key of SETTING_KEYS) {
    const value = settings[key]?.value;
    if (!settingOf(key).isSecret || !value) continue;
    secrets.add(value);
    for (const [, inner] of value.matchAll(/(?:SharedAccessKey|sig)=([^;&\s]+)/gi)) {
      if (inner === undefined) continue;
      secrets.add(inner);
      secrets.add(decode(inner));
      secrets.add(encodeURIComponent(inner));
    }
  }
  return [...secrets];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
