import type { EventPosition } from "../../src/core/events/event-position.ts";
import type { DeviceToCloud, StoredEvent } from "../../src/hub/model/device-to-cloud.ts";

/** The current events of the event hub, partition by partition. */
export function storedEvents(
  deviceToCloud: DeviceToCloud,
  position: EventPosition = { type: "start" },
): StoredEvent[] {
  return deviceToCloud.partitionIds.flatMap((partitionId) => {
    const found: StoredEvent[] = [];
    const partition = { type: "eventPartition", consumerGroup: "$Default", partitionId } as const;
    const subscription = deviceToCloud.subscribe(
      { partition: { ...partition, segments: [] }, position },
      { hasCredit: () => true, deliver: (event) => found.push(event), onReplaced: () => {} },
    );
    subscription.wake();
    subscription.close();
    return found;
  });
}

/** The telemetry alone. */
export function storedTelemetry(deviceToCloud: DeviceToCloud) {
  return storedEvents(deviceToCloud).map(({ payload }) => payload.telemetry);
}
