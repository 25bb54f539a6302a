/** Of samples in rising order, with two digits behind the point. */
export function percentile(sorted, share) {
  return Number((sorted[Math.floor(sorted.length * share)] ?? Number.NaN).toFixed(2));
}
