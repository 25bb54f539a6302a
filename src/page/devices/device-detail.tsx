import type { DeviceView } from "../../hub/page/page-types.ts";
import { DetailPanel } from "../list/detail-panel.tsx";
import { Command } from "../shared/command.tsx";
import { listenCommand } from "../shared/command-line.ts";
import { Icon } from "../shared/icons.tsx";
import { Ago } from "../shared/time.tsx";
import { useHub } from "../state/hub-context.ts";
import { routeHash } from "../state/route-hash.ts";
import { ConnectionBadge } from "./connection-badge.tsx";
import { DeviceActions } from "./device-actions.tsx";
import { QueueLevel } from "./queue-level.tsx";

interface Properties {
  readonly device: DeviceView;
  onClose(): void;
}

export function DeviceDetail({ device, onClose }: Properties) {
  const { hub, nowMs } = useHub();
  const { deviceId, authentication, lastActivityMs, connection } = device;
  return (
    <DetailPanel label="Device" id={deviceId} fallback="" onClose={onClose}>
      <p class="buttons">
        <a
          class="button primary"
          href={routeHash({ view: "send", parameters: { device: deviceId } })}
        >
          <Icon name="send" /> Send to it
        </a>
        <a class="button" href={routeHash({ view: "messages", parameters: { device: deviceId } })}>
          Its messages
        </a>
        <a class="button" href={routeHash({ view: "events", parameters: { device: deviceId } })}>
          Its events
        </a>
      </p>
      <dl class="facts">
        <dt>Connection</dt>
        <dd>
          <ConnectionBadge device={device} nowMs={nowMs} />
        </dd>
        <dt>Queue</dt>
        <dd>
          <QueueLevel device={device} queueDepth={hub.queueDepth} />
        </dd>
        <dt>Last activity</dt>
        <dd>
          {lastActivityMs === undefined ? "never" : <Ago timeMs={lastActivityMs} nowMs={nowMs} />}
        </dd>
        <dt>Authentication</dt>
        <dd>{authentication}</dd>
      </dl>
      {!connection && device.isEnabled && (
        <section class="section">
          <header class="section-head">
            <h3>Receive its messages</h3>
          </header>
          <Command line={listenCommand(hub.commandFlag, deviceId)} />
        </section>
      )}
      <DeviceActions key={deviceId} device={device} />
    </DetailPanel>
  );
}
