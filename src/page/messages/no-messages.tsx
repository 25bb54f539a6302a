import { Command } from "../shared/command.tsx";
import { sendCommand } from "../shared/command-line.ts";
import { Empty } from "../shared/empty.tsx";
import { useHub } from "../state/hub-context.ts";
import { routeHash } from "../state/route-hash.ts";

const FIRST_DEVICE = "device1";

export function NoMessages() {
  const { hub, devices } = useHub();
  const deviceId = devices[0]?.deviceId ?? FIRST_DEVICE;
  return (
    <Empty icon="enqueued" title="No messages yet">
      <p>Send one, and follow it to the device and back.</p>
      <a class="button primary" href={routeHash({ view: "send", parameters: {} })}>
        Send a message
      </a>
      <p>or in a terminal:</p>
      <Command line={sendCommand(hub.commandFlag, { deviceId, body: '{"isOn": true}' })} />
    </Empty>
  );
}
