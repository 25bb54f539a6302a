import { useState } from "preact/hooks";
import type { DeviceView } from "../../hub/page/page-types.ts";
import { useAction } from "../shared/action.ts";
import { Command } from "../shared/command.tsx";
import { deleteCommand, purgeCommand, statusCommand } from "../shared/command-line.ts";
import { countOf } from "../shared/format.ts";
import { Problem } from "../shared/problem.tsx";
import { visibleLine } from "../shared/visible-text.ts";
import { useHub } from "../state/hub-context.ts";
import { deleteDevice, enableDevice, purgeQueue } from "../state/requests.ts";
import { ConfirmDialog } from "./confirm-dialog.tsx";

/** Each with the command that does the same. */
export function DeviceActions({ device }: { readonly device: DeviceView }) {
  const { commandFlag } = useHub().hub;
  const { deviceId, isEnabled, waiting } = device;
  const [asking, setAsking] = useState<"purge" | "delete">();
  const status = useAction();
  const name = visibleLine(deviceId);
  const messages = countOf(waiting, "message");
  return (
    <section class="section">
      <header class="section-head">
        <h3>Actions</h3>
      </header>
      <ul class="actions">
        <li>
          <button
            type="button"
            disabled={status.isRunning}
            onClick={() => void status.run(() => enableDevice(deviceId, !isEnabled))}
          >
            {isEnabled ? "Disable" : "Enable"}
          </button>
          <Command line={statusCommand(commandFlag, deviceId, !isEnabled)} />
          <Problem error={status.error} />
        </li>
        <li>
          <button type="button" disabled={waiting === 0} onClick={() => setAsking("purge")}>
            Purge…
          </button>
          <Command line={purgeCommand(commandFlag, deviceId)} />
        </li>
        <li>
          <button type="button" class="danger" onClick={() => setAsking("delete")}>
            Delete…
          </button>
          <Command line={deleteCommand(commandFlag, deviceId)} />
        </li>
      </ul>
      {asking === "purge" && (
        <ConfirmDialog
          title="Purge the queue?"
          verb="Purge"
          command={purgeCommand(commandFlag, deviceId)}
          perform={() => purgeQueue(deviceId)}
          onClose={() => setAsking(undefined)}
        >
          {messages} in the queue of <b class="mono">{name}</b> will be lost.
        </ConfirmDialog>
      )}
      {asking === "delete" && (
        <ConfirmDialog
          title="Delete the device?"
          verb="Delete"
          command={deleteCommand(commandFlag, deviceId)}
          perform={() => deleteDevice(deviceId)}
          onClose={() => setAsking(undefined)}
        >
          <b class="mono">{name}</b>, its keys and {messages} in its queue will be lost.
        </ConfirmDialog>
      )}
    </section>
  );
}
