import type { ComponentChildren } from "preact";
import { Empty } from "../shared/empty.tsx";

interface Properties {
  /** "message". */
  readonly noun: string;
  /** What else can be done. */
  readonly children?: ComponentChildren;
  onClear(): void;
}

/** The filters leave nothing. */
export function NoMatch({ noun, children, onClear }: Properties) {
  return (
    <Empty icon="search" title={`No ${noun} matches`}>
      <p class="buttons">
        <button type="button" onClick={onClear}>
          Clear filters
        </button>
        {children}
      </p>
    </Empty>
  );
}
