/** Drawn on a grid of 16 by 16. */

import type { StepKind } from "../../hub/page/page-types.ts";

export type IconName =
  | StepKind
  | "close"
  | "copy"
  | "done"
  | "device"
  | "event"
  | "send"
  | "clock"
  | "search"
  | "add"
  | "warning";

const PATHS: Readonly<Record<IconName, string>> = {
  enqueued: "M2.5 9.5v3h11v-3M8 2.5v7M5 6.8l3 3 3-3",
  delivered: "M4.5 7.5h7v5.5h-7zM5.75 7.5V5.25a2.25 2.25 0 0 1 4.5 0V7.5",
  abandoned: "M6 3 2.8 6.2 6 9.4M3 6.2h6.2a3.6 3.6 0 0 1 0 7.2H6.5",
  lockLost:
    "M6 3 2.8 6.2 6 9.4M3 6.2h3.2M8.8 6.2h.4a3.6 3.6 0 0 1 3.3 2.2M12.6 11a3.6 3.6 0 0 1-3.4 2.4M6.8 13.4H6",
  completed: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8M5.2 8.2l2 2 3.7-4",
  rejected: "M5.4 1.8h5.2l3.6 3.6v5.2l-3.6 3.6H5.4l-3.6-3.6V5.4zM5.9 5.9l4.2 4.2M10.1 5.9l-4.2 4.2",
  expired: "M4 2h8M4 14h8M5 2v2.6L8 8l3-3.4V2M5 14v-2.6L8 8l3 3.4V14",
  deliveryCountExceeded: "M8 2 14.5 13.5h-13zM8 6.5v3M8 11.4v.1",
  purged: "M2.8 4.5h10.4M6 4.5V2.5h4v2M4.2 4.5l.6 9h6.4l.6-9M6.7 7v4M9.3 7v4",
  feedback: "M2.5 3h11v7.5h-6L4.5 13v-2.5h-2zM5.3 6.8l1.8 1.7L10.6 5",
  close: "M4 4l8 8M12 4l-8 8",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  done: "M3 8.5l3.2 3.2L13 4.8",
  device:
    "M4.5 4.5h7v7h-7zM6.5 4.5v-2M9.5 4.5v-2M6.5 13.5v-2M9.5 13.5v-2M4.5 6.5h-2M4.5 9.5h-2M13.5 6.5h-2M13.5 9.5h-2",
  event: "M2 8.5h2.6L6.5 3.5l3 9 1.9-4H14",
  send: "M14 2 7.2 8.8M14 2 9.8 14 7.2 8.8 2 6.2z",
  clock: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8M8 4.5V8l2.4 1.6",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M10.3 10.3l3.4 3.4",
  add: "M8 3v10M3 8h10",
  warning: "M8 2 14.5 13.5h-13zM8 6.5v3M8 11.4v.1",
};

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
