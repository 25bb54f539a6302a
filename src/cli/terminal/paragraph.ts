import type { Output } from "./output.ts";

export function separate(block: string, { hasText }: Pick<Output, "hasText">): string {
  return hasText ? `\n${block}` : block;
}
