import { EXPIRY_UNITS, type ExpiryUnit, type FormState } from "./send-form-state.ts";

interface Properties {
  readonly form: FormState;
  onChange(change: Partial<FormState>): void;
}

export function ExpiryField({ form, onChange }: Properties) {
  return (
    <div class="field">
      <label class="field-label" for="expiry">
        Expires after
      </label>
      <span class="joined">
        <input
          id="expiry"
          type="number"
          min="1"
          step="1"
          placeholder="hub’s default"
          value={form.expiry}
          onInput={(event) => onChange({ expiry: event.currentTarget.value })}
        />
        <select
          aria-label="Unit of time"
          value={form.expiryUnit}
          onChange={(event) => onChange({ expiryUnit: event.currentTarget.value as ExpiryUnit })}
        >
          {Object.entries(EXPIRY_UNITS).map(([unit, name]) => (
            <option key={unit} value={unit}>
              {name}
            </option>
          ))}
        </select>
      </span>
    </div>
  );
}
