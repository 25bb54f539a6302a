import type { Sample } from "../../hub/page/page-types.ts";
import { formatCount } from "./format.ts";

interface Properties {
  readonly sample: Sample | undefined;
  readonly noun: string;
}

/** Says that there is more than is shown. */
export function SampleNote({ sample, noun }: Properties) {
  if (!sample) return null;
  return (
    <span class="sample">
      Showing {formatCount(sample.shown)} of {formatCount(sample.total)} {noun} a second
    </span>
  );
}
