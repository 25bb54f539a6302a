import { quoteForDotenv, quoteForFish, quoteForPowershell, quoteForShell } from "../quoting.ts";

export const ENV_FORMATS = ["sh", "fish", "powershell", "dotenv", "json"] as const;

export type EnvFormat = (typeof ENV_FORMATS)[number];

const LINES: Readonly<Record<Exclude<EnvFormat, "json">, (name: string, value: string) => string>> =
  {
    sh: (name, value) => `export ${name}=${quoteForShell(value)}`,
    fish: (name, value) => `set -gx ${name} ${quoteForFish(value)}`,
    powershell: (name, value) => `$env:${name} = ${quoteForPowershell(value)}`,
    dotenv: (name, value) => `${name}=${quoteForDotenv(value)}`,
  };

export function formatVariables(
  variables: Readonly<Record<string, string>>,
  format: EnvFormat,
): string {
  if (format === "json") return `${JSON.stringify(variables, null, 2)}\n`;
  const lines = Object.entries(variables).map(([name, value]) => LINES[format](name, value));
  return `${lines.join("\n")}\n`;
}
