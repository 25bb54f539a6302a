import { useState } from "preact/hooks";
import { useAction } from "../shared/action.ts";
import { Command } from "../shared/command.tsx";
import { createCommand } from "../shared/command-line.ts";
import { Icon } from "../shared/icons.tsx";
import { Problem } from "../shared/problem.tsx";
import { useHub } from "../state/hub-context.ts";
import { createDevice } from "../state/requests.ts";

interface Properties {
  onCreated(deviceId: string): void;
}

export function CreateDevice({ onCreated }: Properties) {
  const { hub } = useHub();
  const [deviceId, setDeviceId] = useState("");
  const creation = useAction();
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!(await creation.run(() => createDevice(deviceId)))) return;
    setDeviceId("");
    onCreated(deviceId);
  };
  return (
    <form class="create" onSubmit={(event) => void submit(event)}>
      <div class="create-fields">
        <label class="create-id">
          <span class="hidden">Id of the new device</span>
          <input
            class="mono"
            required
            placeholder="New device id"
            autocomplete="off"
            spellcheck={false}
            value={deviceId}
            onInput={(event) => setDeviceId(event.currentTarget.value)}
          />
        </label>
        <button type="submit" disabled={creation.isRunning}>
          <Icon name="add" /> Create
        </button>
      </div>
      <Command line={createCommand(hub.commandFlag, deviceId || "device1")} />
      <Problem error={creation.error} />
    </form>
  );
}
