import type { DeviceView } from "../../hub/page/page-types.ts";
import { formatSpan } from "../shared/format.ts";

interface Properties {
  readonly device: DeviceView;
  readonly nowMs: number;
}

export function ConnectionBadge({ device: { connection, isEnabled }, nowMs }: Properties) {
  if (!isEnabled) {
    return <span class="connection disabled">Disabled</span>;
  }
  if (!connection) {
    return <span class="connection">Not connected</span>;
  }
  const { protocol, sinceMs } = connection;
  return (
    <span class="connection connected" title={`since ${new Date(sinceMs).toISOString()}`}>
      {protocol.toUpperCase()} <span class="faint">for {formatSpan(nowMs - sinceMs)}</span>
    </span>
  );
}
