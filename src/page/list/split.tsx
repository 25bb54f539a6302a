import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { NARROW, useMedia } from "../shared/media.ts";

interface Properties {
  readonly children: ComponentChildren;
  readonly detail: ComponentChildren;
}

/** A list, and the details of what is selected in it. */
export function Split({ children, detail }: Properties) {
  const isCovered = useMedia(NARROW) && !!detail;
  const list = useRef<HTMLDivElement>(null);
  const wasOpen = useRef(false);
  useEffect(() => {
    // Whoever closed the details goes on in the list.
    if (wasOpen.current && !detail && document.activeElement === document.body) {
      list.current?.querySelector<HTMLElement>("[role=grid]")?.focus();
    }
    wasOpen.current = !!detail;
  }, [detail]);
  return (
    <div class={`split${detail ? " open" : ""}`}>
      <div class="split-list" ref={list} inert={isCovered}>
        {children}
      </div>
      {detail}
    </div>
  );
}
