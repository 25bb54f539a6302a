import { useMemo, useState } from "preact/hooks";
import { CopyButton } from "../shared/copy-button.tsx";
import { formatBytes } from "../shared/format.ts";
import { NARROW, useMedia } from "../shared/media.ts";
import { type BodyForm, formsOf, readBody, showBody } from "./body-forms.ts";

export function BodySection({ base64 }: { readonly base64: string }) {
  const body = useMemo(() => readBody(base64), [base64]);
  const forms = formsOf(body);
  const [chosen, setChosen] = useState<BodyForm>();
  const [all, setAll] = useState(false);
  const bytesPerLine = useMedia(NARROW) ? 8 : 16;
  const form = forms.find((name) => name === chosen) ?? forms[0] ?? "Hex";
  const { shown, isCut } = useMemo(
    () => showBody(body, form, { all, bytesPerLine }),
    [body, form, all, bytesPerLine],
  );
  const size = formatBytes(body.bytes.length);
  return (
    <section class="section">
      <header class="section-head">
        <h3>
          Body <span class="faint">{size}</span>
        </h3>
        <fieldset class="choices">
          <legend class="hidden">Show the body as</legend>
          {forms.map((name) => (
            <button
              type="button"
              key={name}
              aria-pressed={name === form}
              onClick={() => setChosen(name)}
            >
              {name}
            </button>
          ))}
        </fieldset>
        <CopyButton text={form === "Hex" ? shown : (body.text ?? "")} label="Copy body" />
      </header>
      {body.bytes.length === 0 ? (
        <p class="faint">The body is empty.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
        <pre class={form === "Hex" ? "body hex" : "body"} dir="auto" tabIndex={0}>
          {shown}
        </pre>
      )}
      {isCut && (
        <button type="button" class="more" onClick={() => setAll(true)}>
          Show all ({size})
        </button>
      )}
    </section>
  );
}
