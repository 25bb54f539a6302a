import type { DeviceView } from "../../hub/page/page-types.ts";

interface Properties {
  readonly device: DeviceView;
  readonly queueDepth: number;
}

export function QueueLevel({ device: { waiting, locked }, queueDepth }: Properties) {
  const width = (count: number): string => `${Math.min(100, (count / queueDepth) * 100)}%`;
  return (
    <span class="queue">
      <span class="queue-bar" aria-hidden="true">
        <span class="queue-locked" style={{ width: width(locked) }} />
        <span class="queue-free" style={{ width: width(waiting - locked) }} />
      </span>
      <span class={waiting === 0 ? "faint" : ""}>
        {waiting} of {queueDepth}
        {locked > 0 && `, ${locked} locked`}
      </span>
    </span>
  );
}
