import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";
import type { DiffRow } from "@/editor/diffRows";
import { isLine, type LineRange, rangeBetween } from "./lineRange";

/** Rows that are chosen: from where, to where, and whether the keys chose them. */
interface Chosen {
  readonly anchor: number;
  readonly head: number;
  readonly byKeys: boolean;
}

/** Which lines of a hunk are pointed at or chosen, and the way to comment on them. */
export interface LineCursor {
  /** The row that has the button. */
  readonly row: number | undefined;
  readonly range: LineRange | undefined;
  /** The button takes the focus when it comes to a row. */
  readonly takesFocus: boolean;
  onPointerOver(event: PointerEvent): void;
  onPointerLeave(): void;
  onPointerUp(event: PointerEvent): void;
  /** Begins to choose lines with the mouse. */
  onDrag(event: PointerEvent): void;
  onWrite(): void;
}

/**
 * Lets a person choose lines: by pointing and dragging, by tapping, or with the
 * arrow keys while the hunk has the focus, Shift for more than one.
 */
export function useLineCursor(
  rows: readonly DiffRow[],
  isCurrent: boolean,
  onWrite: (range: LineRange) => void,
): { cursor: LineCursor; onKeyDown: (event: KeyboardEvent<HTMLElement>) => void } {
  const [hovered, setHovered] = useState<number>();
  const [kept, setChosen] = useState<Chosen>();
  const [isDragging, setDragging] = useState(false);
  // What was chosen in a hunk that a person has left counts no more.
  const chosen = isCurrent || isDragging ? kept : undefined;
  const isFirm = isDragging || chosen?.byKeys;
  const { anchor, head: row } =
    isFirm || hovered === undefined
      ? (chosen ?? { anchor: undefined, head: undefined })
      : { anchor: hovered, head: hovered };
  const range =
    row === undefined || anchor === undefined ? undefined : rangeBetween(rows, anchor, row);

  const write = () => {
    if (range) onWrite(range);
    setChosen(undefined);
    setHovered(undefined);
    setDragging(false);
  };
  const latest = useRef(write);
  latest.current = write;
  useEffect(() => {
    if (!isDragging) return undefined;
    const end = () => latest.current();
    window.addEventListener("pointerup", end, { once: true });
    return () => window.removeEventListener("pointerup", end);
  }, [isDragging]);

  const cursor: LineCursor = {
    row,
    range,
    takesFocus: chosen?.byKeys ?? false,
    onPointerOver: (event) => {
      const at = rowAt(event);
      if (at === undefined || event.pointerType === "touch") return;
      setHovered(at);
      if (isDragging && chosen) setChosen({ ...chosen, head: at });
      else if (chosen?.byKeys) setChosen(undefined);
    },
    onPointerLeave: () => setHovered(undefined),
    onPointerUp: (event) => {
      const at = rowAt(event);
      if (at !== undefined && event.pointerType === "touch") {
        setChosen({ anchor: at, head: at, byKeys: false });
      }
    },
    onDrag: (event) => {
      if (row === undefined || event.pointerType === "touch" || event.button !== 0) return;
      setChosen({ anchor: row, head: row, byKeys: false });
      setDragging(true);
    },
    onWrite: write,
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !isOwn(event)) return;
    if (event.key === "c" && chosen?.byKeys) write();
    else if (event.key === "Escape" && chosen) {
      setChosen(undefined);
      event.currentTarget.focus();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const head = stepped(rows, chosen?.head, event.key === "ArrowDown" ? 1 : -1);
      if (head === undefined) return;
      const anchor = event.shiftKey && chosen ? chosen.anchor : head;
      setChosen({ anchor, head, byKeys: true });
      setHovered(undefined);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return { cursor, onKeyDown };
}

/** Whether the hunk itself has the focus, or the button at one of its lines. */
function isOwn({ target, currentTarget }: KeyboardEvent<HTMLElement>): boolean {
  return target === currentTarget || (target as Element).closest("[data-line-button]") !== null;
}

/** The next line in a direction; the first one when there is none yet. */
function stepped(
  rows: readonly DiffRow[],
  from: number | undefined,
  by: 1 | -1,
): number | undefined {
  if (from === undefined) {
    const first = rows.findIndex(isLine);
    return first < 0 ? undefined : first;
  }
  return isLine(rows[from + by]) ? from + by : undefined;
}

function rowAt({ target }: PointerEvent): number | undefined {
  const row = (target as Element).closest<HTMLElement>("[data-row]")?.getAttribute("data-row");
  return row == null ? undefined : Number(row);
}
