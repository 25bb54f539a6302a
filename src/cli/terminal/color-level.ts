/** Follows no-color.org and force-color.org. At most 16 colours are used. */

export interface ColorPreference {
  readonly isTTY: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `--no-color`. */
  readonly isDisabled: boolean;
}

/**
 * The flag first, then FORCE_COLOR, then NO_COLOR (Node's own order), then whether it is a TTY.
 * chalk alone would not honour NO_COLOR, and Node treats an empty one as set.
 */
export function colorLevel({ isTTY, env, isDisabled }: ColorPreference): 0 | 1 {
  if (isDisabled) return 0;
  const forced = env.FORCE_COLOR;
  if (forced !== undefined) return forced === "0" || forced === "false" ? 0 : 1;
  if (env.NO_COLOR) return 0;
  return isTTY && env.TERM !== "dumb" ? 1 : 0;
}
