import { useMemo } from "preact/hooks";
import type { DeviceView } from "../../hub/page/page-types.ts";
import { FilterBar, TextFilter } from "../list/filters.tsx";
import { matcher } from "../list/matching.ts";
import { NoMatch } from "../list/no-match.tsx";
import { RowList } from "../list/row-list.tsx";
import { Split } from "../list/split.tsx";
import { useListRoute } from "../list/use-list-route.ts";
import { Command } from "../shared/command.tsx";
import { listenCommand } from "../shared/command-line.ts";
import { Empty } from "../shared/empty.tsx";
import { countOf, formatCount } from "../shared/format.ts";
import { useHub } from "../state/hub-context.ts";
import { CreateDevice } from "./create-device.tsx";
import { DEVICE_ROW_HEIGHTS, deviceColumns } from "./device-columns.tsx";
import { DeviceDetail } from "./device-detail.tsx";

export function DevicesView() {
  const { hub, devices, nowMs } = useHub();
  const { filter, setFilter, open, select, close } = useListRoute("devices");
  const rows = useMemo(() => {
    const matches = matcher({ text: filter.text }, () => false);
    return devices.filter((device) => matches(device));
  }, [devices, filter.text]);
  const selected = devices.find(({ deviceId }) => deviceId === open);
  const isFirst = devices.length === 0;
  return (
    <Split detail={selected && <DeviceDetail device={selected} onClose={close} />}>
      {!isFirst && (
        <FilterBar
          summary={
            rows.length === devices.length
              ? countOf(rows.length, "device")
              : `${formatCount(rows.length)} of ${countOf(devices.length, "device")}`
          }
        >
          <TextFilter value={filter.text ?? ""} onChange={(text) => setFilter({ text })} />
        </FilterBar>
      )}
      <CreateDevice onCreated={select} />
      {isFirst && (
        <Empty icon="device" title="No devices yet">
          <p>Create the first one above.</p>
          {hub.commandFlag && (
            <>
              <p>Commands with {hub.commandFlag} also create the device that they use:</p>
              <Command line={listenCommand(hub.commandFlag, "device1")} />
            </>
          )}
        </Empty>
      )}
      {!isFirst && rows.length === 0 && (
        <NoMatch noun="device" onClear={() => setFilter({ text: "" })} />
      )}
      {rows.length > 0 && (
        <RowList
          label="Devices"
          layout="device-rows"
          rows={rows}
          keyOf={keyOf}
          columns={deviceColumns(nowMs, hub.queueDepth)}
          rowHeights={DEVICE_ROW_HEIGHTS}
          selectedKey={selected?.deviceId}
          onSelect={select}
          onClose={close}
        />
      )}
    </Split>
  );
}

function keyOf({ deviceId }: DeviceView): string {
  return deviceId;
}
