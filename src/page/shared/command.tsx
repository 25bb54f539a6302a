import { CopyButton } from "./copy-button.tsx";
import { visibleText } from "./visible-text.ts";

/** A command line, to copy. */
export function Command({ line }: { readonly line: string }) {
  return (
    <div class="command">
      <code dir="ltr">{wordsOf(visibleText(line))}</code>
      <CopyButton text={line} label="Copy command" />
    </div>
  );
}

/** A line breaks between words, not after the hyphens in them. */
function wordsOf(line: string) {
  return line.split(" ").flatMap((word, index) => [
    index > 0 && " ",
    <span key={index} class="word">
      {word}
    </span>,
  ]);
}
