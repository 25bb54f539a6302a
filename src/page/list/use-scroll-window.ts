import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { visibleRows } from "./visible-rows.ts";

/** The rows in view; they stay in view when others arrive above them. */
export function useScrollWindow<Row>(
  rows: readonly Row[],
  keyOf: (row: Row) => string,
  rowHeight: number,
) {
  const ref = useRef<HTMLDivElement>(null);
  const anchor = useRef<string>(undefined);
  const [view, setView] = useState({ scrollTop: 0, height: 0 });

  const measure = (): void => {
    const element = ref.current;
    if (!element) return;
    const { scrollTop, clientHeight: height } = element;
    const top = rows[Math.floor(scrollTop / rowHeight)];
    anchor.current = top === undefined ? undefined : keyOf(top);
    setView((before) =>
      before.scrollTop === scrollTop && before.height === height ? before : { scrollTop, height },
    );
  };

  useLayoutEffect(() => {
    const element = ref.current;
    if (element && element.scrollTop > 0 && anchor.current !== undefined) {
      const index = rows.findIndex((row) => keyOf(row) === anchor.current);
      if (index >= 0) element.scrollTop = index * rowHeight + (element.scrollTop % rowHeight);
    }
    measure();
  }, [rows, rowHeight]);

  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  return {
    ref,
    onScroll: measure,
    rowsInView: Math.max(1, Math.floor(view.height / rowHeight) - 2),
    ...visibleRows({ ...view, rowHeight, count: rows.length }),
    showRow: (index: number): void => {
      const element = ref.current;
      if (!element) return;
      const head = (element.firstElementChild as HTMLElement).offsetHeight;
      const top = index * rowHeight;
      const bottom = top + rowHeight + head;
      if (top < element.scrollTop) element.scrollTop = top;
      else if (bottom > element.scrollTop + element.clientHeight)
        element.scrollTop = bottom - element.clientHeight;
    },
  };
}
