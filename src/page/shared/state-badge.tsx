import type { StepKind } from "../../hub/page/page-types.ts";
import { Icon } from "./icons.tsx";

interface Properties {
  readonly kind: StepKind;
  readonly label: string;
}

/** A look for each kind: icon, color and words. */
export function StateBadge({ kind, label }: Properties) {
  return (
    <span class={`state ${kind}`}>
      <Icon name={kind} />
      <span class="state-label">{label}</span>
    </span>
  );
}
