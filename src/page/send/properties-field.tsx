import { useRef } from "preact/hooks";
import { Icon } from "../shared/icons.tsx";
import { checkProperties, type FormState, type PropertyRow } from "./send-form-state.ts";

interface Properties {
  readonly form: FormState;
  onChange(change: Partial<FormState>): void;
}

export function PropertiesField({ form, onChange }: Properties) {
  const { properties } = form;
  const field = useRef<HTMLFieldSetElement>(null);
  const problem = checkProperties(form);
  const change = (changed: PropertyRow): void =>
    onChange({ properties: properties.map((row) => (row.id === changed.id ? changed : row)) });
  const add = (): void => {
    const id = Math.max(0, ...properties.map((row) => row.id)) + 1;
    onChange({ properties: [...properties, { id, name: "", value: "" }] });
    requestAnimationFrame(() =>
      field.current?.querySelector<HTMLElement>(".property:last-of-type input")?.focus(),
    );
  };
  return (
    <fieldset id="properties" class="field wide" ref={field} tabIndex={-1}>
      <legend class="field-label">Application properties</legend>
      {properties.map((row, index) => (
        <div class="property" key={row.id}>
          <input
            class="mono"
            aria-label={`Name of property ${index + 1}`}
            placeholder="name"
            value={row.name}
            onInput={(event) => change({ ...row, name: event.currentTarget.value })}
          />
          <input
            class="mono"
            aria-label={`Value of property ${index + 1}`}
            placeholder="value"
            value={row.value}
            onInput={(event) => change({ ...row, value: event.currentTarget.value })}
          />
          <button
            type="button"
            class="quiet"
            aria-label={`Remove property ${index + 1}`}
            onClick={() => onChange({ properties: properties.filter(({ id }) => id !== row.id) })}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
      {problem && <p class="check wrong">{problem}</p>}
      <button type="button" class="small" onClick={add}>
        <Icon name="add" /> Add property
      </button>
    </fieldset>
  );
}
