import { useEffect, useState } from "preact/hooks";
import { useAction } from "../shared/action.ts";
import { Command } from "../shared/command.tsx";
import { sendCommand } from "../shared/command-line.ts";
import { useHub } from "../state/hub-context.ts";
import { sendMessage } from "../state/requests.ts";
import { useRoute } from "../state/route.ts";
import { SendForm } from "./send-form.tsx";
import { type FormState, newForm, newMessageId, toExpiry, toRequest } from "./send-form-state.ts";
import { SentList, type SentMessage } from "./sent-list.tsx";

const SENT_SHOWN = 8;

/** Kept while the page is open, whatever else is looked at. */
let kept: { form: FormState; sent: readonly SentMessage[] } | undefined;

export function SendView() {
  const { hub, devices, clockOffsetMs } = useHub();
  const { device } = useRoute().parameters;
  const [form, setForm] = useState(
    () => kept?.form ?? newForm(device ?? devices[0]?.deviceId ?? "device1"),
  );
  const [sent, setSent] = useState(kept?.sent ?? []);
  const sending = useAction();
  kept = { form, sent };

  const change = (part: Partial<FormState>): void => {
    sending.clear();
    setForm((before) => ({ ...before, ...part }));
  };
  useEffect(() => {
    if (device) change({ deviceId: device });
  }, [device]);

  const send = async (): Promise<void> => {
    const request = toRequest(form);
    if (!(await sending.run(() => sendMessage(request)))) return;
    const { deviceId, messageId } = request;
    const timeMs = Date.now() + clockOffsetMs;
    setSent((before) => {
      const n = (before[0]?.n ?? 0) + 1;
      return [{ n, deviceId, messageId, timeMs }, ...before].slice(0, SENT_SHOWN);
    });
    setForm((now) => ({ ...now, messageId: now.messageId && newMessageId() }));
  };

  return (
    <div class="send-columns">
      <div class="send-main">
        <SendForm
          form={form}
          isSending={sending.isRunning}
          error={sending.error}
          onChange={change}
          onSend={() => void send()}
        />
      </div>
      <aside class="send-aside" aria-label="Command and result">
        <section class="card">
          <h2>The same in a terminal</h2>
          {form.deviceId ? (
            <Command line={sendCommand(hub.commandFlag, toRequest(form), toExpiry(form))} />
          ) : (
            <p class="faint">Name a device first.</p>
          )}
          {form.properties.some(({ name }) => name.includes("=")) && (
            <p class="check wrong">A property name with “=” cannot be given in a command.</p>
          )}
        </section>
        <section class="card">
          <h2>Sent from here</h2>
          {sent.length === 0 && (
            <p class="faint">Nothing yet. What you send appears here, with its state.</p>
          )}
          <SentList sent={sent} />
        </section>
      </aside>
    </div>
  );
}
