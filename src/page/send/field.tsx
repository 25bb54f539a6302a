import type { ComponentChildren } from "preact";

interface Properties {
  readonly label: string;
  readonly hint?: ComponentChildren;
  readonly class?: string;
  readonly children: ComponentChildren;
}

export function Field({ label, hint, class: name = "", children }: Properties) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: its children are the control
    <label class={`field ${name}`}>
      <span class="field-label">
        {label} {hint && <span class="field-hint">{hint}</span>}
      </span>
      {children}
    </label>
  );
}
