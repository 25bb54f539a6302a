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

export function DeviceField({ deviceId, onChange }: Properties) {
  const { hub, devices } = useHub();
  const creation = useAction();
  const device = devices.find((known) => known.deviceId === deviceId);
  const obstacle = device?.obstacle && hub.obstacles[device.obstacle];
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
      {obstacle && <p class={obstacle.isRefusal ? "check wrong" : "check"}>{obstacle.label}</p>}
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
