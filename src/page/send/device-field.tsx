import type { DeviceView } from "../../hub/page/page-types.ts";
import { DeviceOptions } from "../list/filters.tsx";
import { useAction } from "../shared/action.ts";
import { Problem } from "../shared/problem.tsx";
import { visibleLine } from "../shared/visible-text.ts";
import { useHub } from "../state/hub-context.ts";
import { createDevice } from "../state/requests.ts";

interface Properties {
  readonly deviceId: string;
  onChange(deviceId: string): void;
}

/** What keeps a message from reaching it at once. */
function DeviceNote({ device }: { readonly device: DeviceView }) {
  const { hub } = useHub();
  if (!device.isEnabled)
    return <p class="check wrong">Disabled: the hub refuses messages to it.</p>;
  if (device.waiting >= hub.queueDepth) {
    return <p class="check wrong">Its queue is full: the hub refuses more messages.</p>;
  }
  if (device.connection) return null;
  return <p class="check">Not connected: the message waits in its queue until it is.</p>;
}

export function DeviceField({ deviceId, onChange }: Properties) {
  const { devices } = useHub();
  const creation = useAction();
  const device = devices.find((known) => known.deviceId === deviceId);
  return (
    <div class="field wide">
      <label class="field-label" for="device">
        To device
      </label>
      <input
        id="device"
        class="mono"
        list="device-ids"
        required
        autocomplete="off"
        spellcheck={false}
        value={deviceId}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
      <DeviceOptions
        id="device-ids"
        devices={devices.map((known) => known.deviceId)}
        typed={deviceId}
      />
      {device && <DeviceNote device={device} />}
      {deviceId && !device && (
        <p class="check">
          <span class="mono">{visibleLine(deviceId)}</span> does not exist.{" "}
          <button
            type="button"
            class="link"
            disabled={creation.isRunning}
            onClick={() => void creation.run(() => createDevice(deviceId))}
          >
            Create it
          </button>
        </p>
      )}
      <Problem error={creation.error} />
    </div>
  );
}
