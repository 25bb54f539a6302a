import { SETTING_KEYS, settingOf } from "../../../config/settings.ts";
import type { Redactor } from "../../terminal/redactor.ts";

const SECRET_VARIABLES: ReadonlySet<string | undefined> = new Set([
  ...SETTING_KEYS.map(settingOf)
    .filter(({ isSecret }) => isSecret)
    .map(({ variable }) => variable),
  // Of @azure/identity, which reads them itself.
  "AZURE_CLIENT_SECRET",
  "AZURE_CLIENT_CERTIFICATE_PASSWORD",
  "AZURE_PASSWORD",
]);

/** By its name, or because its value would not be printed as it is. */
export function isSecretVariable(name: string, value: string, redactor: Redactor): boolean {
  return SECRET_VARIABLES.has(name) || redactor.redact(value) !== value;
}
