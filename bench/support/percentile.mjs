/** A percentile of sorted samples, with two decimals. */
export function percentile(sorted, share) {
  return Number((sorted[Math.floor(sorted.length * share)] ?? Number.NaN).toFixed(2));
}
