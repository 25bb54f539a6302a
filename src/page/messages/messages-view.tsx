import { useMemo } from "preact/hooks";
import type { MessageView } from "../../hub/page/page-types.ts";
import { ChoiceFilter, DeviceFilter, FilterBar, TextFilter } from "../list/filters.tsx";
import { matcher } from "../list/matching.ts";
import { NoMatch } from "../list/no-match.tsx";
import { RowList } from "../list/row-list.tsx";
import { Split } from "../list/split.tsx";
import { useListRoute } from "../list/use-list-route.ts";
import { countOf, formatCount } from "../shared/format.ts";
import { SampleNote } from "../shared/sample-note.tsx";
import { useHub } from "../state/hub-context.ts";
import { sumSamples } from "../state/page-state.ts";
import { routeHash } from "../state/route-hash.ts";
import { MESSAGE_ROW_HEIGHTS, messageColumns } from "./message-columns.tsx";
import { MessageDetail } from "./message-detail.tsx";
import { NoMessages } from "./no-messages.tsx";

export function MessagesView() {
  const { devices, messages, sampledMessages, clockOffsetMs, nowMs } = useHub();
  const { filter, setFilter, open, select, close } = useListRoute("messages");
  const deviceIds = useMemo(() => devices.map(({ deviceId }) => deviceId), [devices]);
  const matching = useMemo(() => {
    const matches = matcher(filter, (deviceId) => deviceIds.includes(deviceId));
    return messages.filter((message) => matches(message));
  }, [messages, deviceIds, filter.device, filter.text]);
  const counts = useMemo(() => countStates(matching, filter.state), [matching, filter.state]);
  const rows = useMemo(
    () => matching.filter(({ state }) => !filter.state || state.label === filter.state),
    [matching, filter.state],
  );
  const selected = open === undefined ? undefined : messages.find(({ key }) => key === open);
  const detail = selected && <MessageDetail message={selected} nowMs={nowMs} onClose={close} />;
  if (messages.length === 0) return <NoMessages />;
  return (
    <Split detail={detail}>
      <FilterBar
        summary={
          <>
            <SampleNote
              sample={sumSamples(sampledMessages, nowMs - clockOffsetMs)}
              noun="messages"
            />
            {rows.length === messages.length
              ? countOf(rows.length, "message")
              : `${formatCount(rows.length)} of ${countOf(messages.length, "message")}`}
          </>
        }
      >
        <TextFilter value={filter.text ?? ""} onChange={(text) => setFilter({ text })} />
        <DeviceFilter
          value={filter.device ?? ""}
          devices={deviceIds}
          onChange={(device) => setFilter({ device })}
        />
        <ChoiceFilter
          label="Filter by state"
          all="All states"
          counts={counts}
          value={filter.state ?? ""}
          onChange={(state) => setFilter({ state })}
        />
      </FilterBar>
      {rows.length === 0 ? (
        <NoMatch noun="message" onClear={() => setFilter({ device: "", state: "", text: "" })}>
          {filter.device && (
            <a
              class="button"
              href={routeHash({ view: "send", parameters: { device: filter.device } })}
            >
              Send one to this device
            </a>
          )}
        </NoMatch>
      ) : (
        <RowList
          label="Messages, newest first"
          layout="message-rows"
          rows={rows}
          keyOf={keyOf}
          columns={messageColumns(nowMs)}
          rowHeights={MESSAGE_ROW_HEIGHTS}
          selectedKey={selected?.key}
          onSelect={select}
          onClose={close}
        />
      )}
    </Split>
  );
}

function keyOf({ key }: MessageView): string {
  return key;
}

/** The hub's names of the states, and how many messages are in each. */
function countStates(
  messages: readonly MessageView[],
  chosen: string | undefined,
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>(chosen ? [[chosen, 0]] : []);
  for (const { state } of messages) counts.set(state.label, (counts.get(state.label) ?? 0) + 1);
  return new Map([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
