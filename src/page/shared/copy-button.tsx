import { useEffect, useState } from "preact/hooks";
import { Icon } from "./icons.tsx";

interface Properties {
  readonly text: string;
  /** What it copies: "Copy message id". */
  readonly label: string;
}

const SHOWN_MS = 1500;

export function CopyButton({ text, label }: Properties) {
  const [result, setResult] = useState<"copied" | "failed">();
  useEffect(() => {
    if (!result) return;
    const timer = setTimeout(() => setResult(undefined), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [result]);
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => setResult("copied"),
      () => setResult("failed"),
    );
  };
  return (
    <button
      type="button"
      class={`copy ${result ?? ""}`}
      aria-label={label}
      title={label}
      onClick={copy}
    >
      <Icon name={result === "copied" ? "done" : "copy"} />
      <span class="hidden" role="status">
        {result === "copied" && "Copied"}
        {result === "failed" && "The browser does not allow copying"}
      </span>
    </button>
  );
}
