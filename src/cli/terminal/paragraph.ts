/** Blocks of text for people: an empty line stands between two of them, not before the first. */

import type { Output } from "./output.ts";

export function separate(block: string, { hasText }: Pick<Output, "hasText">): string {
  return hasText ? `\n${block}` : block;
}
