/** Which rows of a long list are in the document. */

interface Window {
  readonly scrollTop: number;
  readonly height: number;
  readonly rowHeight: number;
  readonly count: number;
}

/** Beyond each edge, so that scrolling shows no gap. */
const MARGIN_ROWS = 8;

export function visibleRows({ scrollTop, height, rowHeight, count }: Window): {
  readonly start: number;
  readonly end: number;
} {
  const start = Math.floor(scrollTop / rowHeight) - MARGIN_ROWS;
  const end = Math.ceil((scrollTop + height) / rowHeight) + MARGIN_ROWS;
  return { start: Math.max(0, Math.min(start, count)), end: Math.max(0, Math.min(end, count)) };
}

/** Where a key leads, if it moves through the rows. */
export function rowAfterKey(
  key: string,
  index: number,
  count: number,
  rowsInView: number,
): number | undefined {
  const target = {
    ArrowDown: index + 1,
    ArrowUp: index - 1,
    PageDown: index + rowsInView,
    PageUp: index - rowsInView,
    Home: 0,
    End: count - 1,
  }[key];
  if (target === undefined || count === 0) return undefined;
  return Math.max(0, Math.min(target, count - 1));
}
