import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useState } from "preact/hooks";
import { NARROW, useMedia } from "../shared/media.ts";
import { useScrollWindow } from "./use-scroll-window.ts";
import { rowAfterKey } from "./visible-rows.ts";

export interface Column<Row> {
  readonly name: string;
  readonly label: string;
  cell(row: Row): ComponentChildren;
}

interface Properties<Row> {
  readonly label: string;
  /** Names the widths of its columns in the style sheet. */
  readonly layout: string;
  readonly rows: readonly Row[];
  keyOf(row: Row): string;
  readonly columns: readonly Column<Row>[];
  /** Stacked, in a narrow page, and otherwise. */
  readonly rowHeights: { readonly narrow: number; readonly wide: number };
  readonly selectedKey: string | undefined;
  onSelect(key: string): void;
  onClose(): void;
}

/** Only the rows in view are in the document. The arrow keys move, Enter opens, Escape closes. */
export function RowList<Row>(properties: Properties<Row>) {
  const { label, layout, rows, keyOf, columns, selectedKey, onSelect, onClose } = properties;
  const id = useId();
  const rowHeight = useMedia(NARROW) ? properties.rowHeights.narrow : properties.rowHeights.wide;
  const [movedTo, setMovedTo] = useState<string>();
  const scroll = useScrollWindow(rows, keyOf, rowHeight);
  const activeIndex = Math.max(0, indexOf(rows, keyOf, selectedKey ?? movedTo));

  useLayoutEffect(() => {
    if (selectedKey !== undefined) scroll.showRow(activeIndex);
  }, [selectedKey]);

  const moveTo = (index: number): void => {
    const row = rows[index];
    if (row === undefined) return;
    setMovedTo(keyOf(row));
    if (selectedKey !== undefined) onSelect(keyOf(row));
    scroll.showRow(index);
  };
  const handleKey = (event: KeyboardEvent): void => {
    const active = rows[activeIndex];
    const next = rowAfterKey(event.key, activeIndex, rows.length, scroll.rowsInView);
    if (next !== undefined) moveTo(next);
    else if (event.key === "Escape") onClose();
    else if ((event.key === "Enter" || event.key === " ") && active) onSelect(keyOf(active));
    else return;
    event.preventDefault();
  };

  const { start, end } = scroll;
  const isActiveShown = activeIndex >= start && activeIndex < end && rows.length > 0;
  return (
    <div
      class={`rows ${layout}`}
      role="grid"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      aria-activedescendant={isActiveShown ? `${id}-${activeIndex}` : undefined}
      tabIndex={0}
      ref={scroll.ref}
      onScroll={scroll.onScroll}
      onKeyDown={handleKey}
    >
      <div class="row row-head" role="row" aria-rowindex={1}>
        {columns.map((column) => (
          <div key={column.name} class={`cell-${column.name}`} role="columnheader">
            {column.label}
          </div>
        ))}
      </div>
      <div role="rowgroup" class="rows-body" style={{ height: `${rows.length * rowHeight}px` }}>
        {rows.slice(start, end).map((row, offset) => {
          const index = start + offset;
          const key = keyOf(row);
          return (
            <div
              key={key}
              id={`${id}-${index}`}
              class={`row${index === activeIndex ? " active" : ""}`}
              role="row"
              aria-rowindex={index + 2}
              aria-selected={key === selectedKey}
              style={{ height: `${rowHeight}px`, transform: `translateY(${index * rowHeight}px)` }}
              onClick={() => onSelect(key)}
            >
              {columns.map((column) => (
                <div key={column.name} class={`cell-${column.name}`} role="gridcell">
                  {column.cell(row)}
                </div>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function indexOf<Row>(
  rows: readonly Row[],
  keyOf: (row: Row) => string,
  key: string | undefined,
): number {
  return key === undefined ? -1 : rows.findIndex((row) => keyOf(row) === key);
}
