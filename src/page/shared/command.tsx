import { CopyButton } from "./copy-button.tsx";
import { visibleText } from "./visible-text.ts";

/** A command line, to copy. */
export function Command({ line }: { readonly line: string }) {
  return (
    <div class="command">
      <code dir="ltr">{visibleText(line)}</code>
      <CopyButton text={line} label="Copy command" />
    </div>
  );
}
