import { useMemo } from "preact/hooks";
import type { TelemetryView } from "../../hub/page/page-types.ts";
import { DeviceFilter, FilterBar, TextFilter } from "../list/filters.tsx";
import { matcher } from "../list/matching.ts";
import { NoMatch } from "../list/no-match.tsx";
import { RowList } from "../list/row-list.tsx";
import { Split } from "../list/split.tsx";
import { useListRoute } from "../list/use-list-route.ts";
import { countOf, formatCount } from "../shared/format.ts";
import { SampleNote } from "../shared/sample-note.tsx";
import { useHub } from "../state/hub-context.ts";
import { sumSamples } from "../state/page-state.ts";
import { EVENT_ROW_HEIGHTS, eventColumns } from "./event-columns.tsx";
import { EventDetail } from "./event-detail.tsx";
import { NoEvents } from "./no-events.tsx";
import { Rates } from "./rates.tsx";

export function EventsView() {
  return (
    <>
      <Rates />
      <EventList />
    </>
  );
}

function EventList() {
  const { devices, events, sampledEvents, clockOffsetMs, nowMs } = useHub();
  const { filter, setFilter, open, select, close } = useListRoute("events");
  const deviceIds = useMemo(() => devices.map(({ deviceId }) => deviceId), [devices]);
  const rows = useMemo(() => {
    const matches = matcher(filter, (deviceId) => deviceIds.includes(deviceId));
    return events.filter((event) => matches(event));
  }, [events, deviceIds, filter.device, filter.text]);
  const selected = open === undefined ? undefined : events.find(({ key }) => key === open);
  if (events.length === 0) return <NoEvents />;
  return (
    <Split detail={selected && <EventDetail event={selected} nowMs={nowMs} onClose={close} />}>
      <FilterBar
        summary={
          <>
            <SampleNote sample={sumSamples(sampledEvents, nowMs - clockOffsetMs)} noun="events" />
            {rows.length === events.length
              ? countOf(rows.length, "event")
              : `${formatCount(rows.length)} of ${countOf(events.length, "event")}`}
          </>
        }
      >
        <TextFilter value={filter.text ?? ""} onChange={(text) => setFilter({ text })} />
        <DeviceFilter
          value={filter.device ?? ""}
          devices={deviceIds}
          onChange={(device) => setFilter({ device })}
        />
      </FilterBar>
      {rows.length === 0 ? (
        <NoMatch noun="event" onClear={() => setFilter({ device: "", text: "" })} />
      ) : (
        <RowList
          label="Events, newest first"
          layout="event-rows"
          rows={rows}
          keyOf={keyOf}
          columns={eventColumns(nowMs)}
          rowHeights={EVENT_ROW_HEIGHTS}
          selectedKey={selected?.key}
          onSelect={select}
          onClose={close}
        />
      )}
    </Split>
  );
}

function keyOf({ key }: TelemetryView): string {
  return key;
}
