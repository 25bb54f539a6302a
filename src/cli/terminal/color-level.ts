/** Whether to colour, as no-color.org and force-color.org have it. */

import type { ColorSupportLevel } from "chalk";

export interface ColorWish {
  readonly isTTY: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `--no-color`. */
  readonly isRefused: boolean;
}

/**
 * The flag first, then FORCE_COLOR, then NO_COLOR (Node's own order), then whether it is a terminal.
 * chalk alone would not honour NO_COLOR.
 */
export function colorLevel({ isTTY, env, isRefused }: ColorWish): ColorSupportLevel {
  if (isRefused) return 0;
  const forced = env.FORCE_COLOR;
  if (forced !== undefined) {
    if (forced === "0" || forced === "false") return 0;
    return forced === "2" ? 2 : forced === "3" ? 3 : 1;
  }
  if (env.NO_COLOR) return 0;
  return isTTY && env.TERM !== "dumb" ? 1 : 0;
}
