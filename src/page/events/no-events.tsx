import { Command } from "../shared/command.tsx";
import { telemetryCommand } from "../shared/command-line.ts";
import { Empty } from "../shared/empty.tsx";
import { useHub } from "../state/hub-context.ts";

const FIRST_DEVICE = "device1";

export function NoEvents() {
  const { hub, devices } = useHub();
  const deviceId = devices[0]?.deviceId ?? FIRST_DEVICE;
  return (
    <Empty icon="event" title="No events yet">
      <p>Telemetry from your devices appears here as it arrives. To send some:</p>
      <Command line={telemetryCommand(hub.commandFlag, deviceId)} />
    </Empty>
  );
}
