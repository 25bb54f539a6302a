/** What a benchmark reports: samples, what they are compared with, and the target. */

/**
 * @param {string} what
 * @param {string} unit
 * @param {number[]} samples
 * @param {{ against?: { what: string, samples: number[] }, targets?: Target[] }} [comparison]
 *
 * @typedef {{ of: "ratio" | "figure", atMost?: number, atLeast?: number }} Target
 */
export function figure(what, unit, samples, { against, targets = [] } = {}) {
  return { what, unit, samples, against, targets };
}

export const ratioAtMost = (atMost) => ({ of: "ratio", atMost });
export const ratioAtLeast = (atLeast) => ({ of: "ratio", atLeast });
export const figureAtMost = (atMost) => ({ of: "figure", atMost });

/** Sample by sample, as they were measured in turn; a load that both had cancels out. */
export function pairedRatios({ samples, against }) {
  return samples.map((sample, index) => sample / against.samples[index]);
}

export function spreadOf(samples) {
  const sorted = [...samples].sort((a, b) => a - b);
  return { median: medianOf(sorted), min: sorted[0], max: sorted.at(-1) };
}

export function isMet(figure, { of, atMost = Number.POSITIVE_INFINITY, atLeast = 0 }) {
  const { median } = spreadOf(of === "ratio" ? pairedRatios(figure) : figure.samples);
  return median <= atMost && median >= atLeast;
}

function medianOf(sorted) {
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}
