import { Icon } from "../shared/icons.tsx";
import { Problem } from "../shared/problem.tsx";
import { BodyField } from "./body-field.tsx";
import { DeviceField } from "./device-field.tsx";
import { ExpiryField } from "./expiry-field.tsx";
import { Field } from "./field.tsx";
import { PropertiesField } from "./properties-field.tsx";
import { ACKS, checkBody, checkProperties, type FormState } from "./send-form-state.ts";

interface Properties {
  readonly form: FormState;
  readonly isSending: boolean;
  readonly error: Error | undefined;
  onChange(change: Partial<FormState>): void;
  onSend(): void;
}

export function SendForm({ form, isSending, error, onChange, onSend }: Properties) {
  const text = (name: "messageId" | "correlationId" | "userId") => (
    <input
      class="mono"
      placeholder="none"
      autocomplete="off"
      spellcheck={false}
      value={form[name]}
      onInput={(event) => onChange({ [name]: event.currentTarget.value })}
    />
  );
  const submit = (event: Event): void => {
    event.preventDefault();
    if (checkBody(form)) document.getElementById("body")?.focus();
    else if (checkProperties(form)) document.getElementById("properties")?.focus();
    else onSend();
  };
  return (
    <form class="card send-form" onSubmit={submit}>
      <DeviceField deviceId={form.deviceId} onChange={(deviceId) => onChange({ deviceId })} />
      <BodyField form={form} onChange={onChange} />
      <Field label="Feedback" hint="ack">
        <select
          value={form.ack}
          onChange={(event) => onChange({ ack: event.currentTarget.value as FormState["ack"] })}
        >
          {ACKS.map((ack) => (
            <option key={ack}>{ack}</option>
          ))}
        </select>
      </Field>
      <Field label="Message id">{text("messageId")}</Field>
      <Field label="Correlation id">{text("correlationId")}</Field>
      <Field label="User id">{text("userId")}</Field>
      <ExpiryField form={form} onChange={onChange} />
      <PropertiesField form={form} onChange={onChange} />
      <footer class="send-end">
        <button type="submit" class="primary" disabled={isSending}>
          <Icon name="send" /> Send
        </button>
        <Problem error={error} />
      </footer>
    </form>
  );
}
