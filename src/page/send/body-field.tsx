import { visibleLine } from "../shared/visible-text.ts";
import { checkBody, type FormState } from "./send-form-state.ts";

const CONTENT_TYPES = ["application/json", "text/plain", "application/octet-stream"];

interface Properties {
  readonly form: FormState;
  onChange(change: Partial<FormState>): void;
}

export function BodyField({ form, onChange }: Properties) {
  const wrong = checkBody(form);
  return (
    <>
      <div class="field">
        <label class="field-label" for="body">
          Body
        </label>
        <textarea
          id="body"
          class="mono"
          rows={5}
          spellcheck={false}
          value={form.body}
          aria-invalid={!!wrong}
          aria-describedby="body-check"
          onInput={(event) => onChange({ body: event.currentTarget.value })}
        />
        <p id="body-check" class={wrong ? "check wrong" : "check"}>
          {wrong
            ? `Not JSON: ${visibleLine(wrong)}`
            : form.contentType.includes("json") && "Valid JSON"}
        </p>
      </div>
      <div class="field">
        <label class="field-label" for="content-type">
          Content type
        </label>
        <input
          id="content-type"
          list="content-types"
          placeholder="none"
          autocomplete="off"
          value={form.contentType}
          onInput={(event) => onChange({ contentType: event.currentTarget.value })}
        />
        <datalist id="content-types">
          {CONTENT_TYPES.map((type) => (
            <option key={type} value={type} />
          ))}
        </datalist>
      </div>
    </>
  );
}
