import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { CopyButton } from "../shared/copy-button.tsx";
import { Icon } from "../shared/icons.tsx";
import { NARROW } from "../shared/media.ts";
import { visibleLine } from "../shared/visible-text.ts";

interface Properties {
  /** What it is: "Message". */
  readonly label: string;
  readonly id: string | undefined;
  /** In place of an id. */
  readonly fallback: string;
  readonly children: ComponentChildren;
  onClose(): void;
}

/** Beside the list, or over it where there is no room. */
export function DetailPanel({ label, id, fallback, children, onClose }: Properties) {
  const close = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (matchMedia(NARROW).matches) close.current?.focus();
  }, []);
  return (
    <section
      class="detail"
      aria-label={`${label} details`}
      onKeyDown={(event) => {
        const isInDialog = event.target instanceof Element && event.target.closest("dialog");
        if (event.key === "Escape" && !isInDialog) onClose();
      }}
    >
      <header class="detail-head">
        <div class="detail-title">
          <p class="eyebrow">{label}</p>
          <h2 class="mono">{id ? visibleLine(id) : <span class="faint">{fallback}</span>}</h2>
        </div>
        {id && <CopyButton text={id} label={`Copy ${label.toLowerCase()} id`} />}
        <button
          type="button"
          class="quiet"
          ref={close}
          aria-label="Close details"
          onClick={onClose}
        >
          <Icon name="close" />
        </button>
      </header>
      {children}
    </section>
  );
}
