import { useEffect, useRef } from "preact/hooks";
import { DevicesView } from "./devices/devices-view.tsx";
import { EventsView } from "./events/events-view.tsx";
import { MessagesView } from "./messages/messages-view.tsx";
import { SendView } from "./send/send-view.tsx";
import { Header } from "./shell/header.tsx";
import { LinkBanner } from "./shell/link-banner.tsx";
import { Numbers } from "./shell/numbers.tsx";
import { HubProvider, useFollowedHub, useNow } from "./state/hub-context.ts";
import { replaceRoute, useRoute } from "./state/route.ts";
import { VIEW_NAMES, type View } from "./state/route-hash.ts";

const VIEW_OF: Readonly<Record<View, () => preact.JSX.Element>> = {
  messages: MessagesView,
  events: EventsView,
  devices: DevicesView,
  send: SendView,
};

export function Page() {
  const { link, state } = useFollowedHub();
  const now = useNow();
  const { view, parameters } = useRoute();
  const Shown = VIEW_OF[view];
  useEffect(() => {
    document.title = `${VIEW_NAMES[view]} · Local hub`;
  }, [view]);
  const runOf = state?.hub.startedMs;
  const shownRun = useRef(runOf);
  useEffect(() => {
    // Keys of messages and events hold for one run of the hub.
    const isAnother = shownRun.current !== undefined && shownRun.current !== runOf;
    if (isAnother && view !== "devices")
      replaceRoute({ view, parameters: { ...parameters, open: "" } });
    shownRun.current = runOf;
  }, [runOf]);
  return (
    <>
      <Header view={view} link={link} hostName={state?.hub.hostName} />
      <LinkBanner link={link} isOfCommands={state?.hub.commandFlag !== ""} />
      {state && (
        <HubProvider value={{ ...state, nowMs: now + state.clockOffsetMs }}>
          <Numbers />
          <main class={view}>
            <h1 class="hidden">{VIEW_NAMES[view]}</h1>
            <Shown />
          </main>
        </HubProvider>
      )}
    </>
  );
}
