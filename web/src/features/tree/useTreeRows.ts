import { type RefObject, useCallback, useEffect, useRef, useState } from "react";
import { useMediaQuery } from "@/ui/useMediaQuery";
import { rowWindow, scrollTopFor } from "./rowWindow";
import { findByTyping, moveFor } from "./treeModel";
import type { TreeState } from "./useTree";

export interface TreeRows {
  /** The numbers of the rows to draw. */
  readonly shown: readonly number[];
  readonly rowHeight: number;
  /** Does what a key means for the focus; false when it means nothing. */
  move(key: string): boolean;
  /** Puts the keyboard's focus on a row. */
  focusRow(path: string | undefined): void;
  onScroll(): void;
}

/** How long after a letter the next one goes on with the same word, in milliseconds. */
const TYPING = 600;

/** The rows in view. The focused one is always among them, so that focus is never lost. */
export function useTreeRows(
  scroller: RefObject<HTMLDivElement | null>,
  state: TreeState,
  active: string | undefined,
): TreeRows {
  const { rows, focused, setFocused, toggle } = state;
  const rowHeight = useRowHeight();
  const { view, onScroll } = useView(scroller, rows.length > 0);
  const focusedIndex = rows.findIndex((row) => row.node.path === focused);
  const { from, to } = rowWindow(view.top, view.height, rowHeight, rows.length);
  const inView = Array.from({ length: to - from }, (_, index) => from + index);
  const isFocusedOut = focusedIndex >= 0 && (focusedIndex < from || focusedIndex >= to);

  const scrollTo = useCallback(
    (row: number) => {
      const box = scroller.current;
      if (box) box.scrollTop = scrollTopFor(row, box.scrollTop, box.clientHeight, rowHeight);
    },
    [scroller, rowHeight],
  );
  const activeIndex = rows.findIndex((row) => row.node.file?.id === active);
  useEffect(() => {
    if (activeIndex >= 0) scrollTo(activeIndex);
  }, [activeIndex, scrollTo]);

  const wantsFocus = useRef(false);
  const focusRow = useCallback(
    (path: string | undefined) => {
      if (path === undefined) return;
      wantsFocus.current = true;
      setFocused(path);
    },
    [setFocused],
  );
  useEffect(() => {
    if (!wantsFocus.current || focusedIndex < 0) return;
    const row = scroller.current?.querySelector<HTMLElement>('[role="treeitem"][tabindex="0"]');
    if (!row) return;
    wantsFocus.current = false;
    scrollTo(focusedIndex);
    row.focus({ preventScroll: true });
  });

  const typed = useRef({ text: "", at: 0 });
  const find = (letter: string, start: string): boolean => {
    const now = performance.now();
    const before = now - typed.current.at < TYPING ? typed.current.text : "";
    typed.current = { text: before + letter, at: now };
    const found = findByTyping(rows, start, typed.current.text);
    focusRow(found);
    return found !== undefined;
  };
  const move = (key: string): boolean => {
    const step = moveFor(rows, focused ?? "", key);
    if (step?.type === "focus") focusRow(step.path);
    else if (step) toggle(step.path);
    else if (key.length === 1 && focused !== undefined) return find(key, focused);
    return step !== undefined;
  };
  const shown = isFocusedOut ? [...inView, focusedIndex] : inView;
  return { shown, rowHeight, move, focusRow, onScroll };
}

/** The height of `--row` in pixels. */
function useRowHeight(): number {
  const isCoarse = useMediaQuery("(pointer: coarse)");
  const root = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
  return (isCoarse ? 2.375 : 1.625) * root;
}

/** How far the rows are scrolled and how much of them is in view. */
function useView(scroller: RefObject<HTMLDivElement | null>, isDrawn: boolean) {
  const [view, setView] = useState({ top: 0, height: 0 });
  const onScroll = useCallback(() => {
    const box = scroller.current;
    if (!box) return;
    const { scrollTop: top, clientHeight: height } = box;
    setView((last) => (last.top === top && last.height === height ? last : { top, height }));
  }, [scroller]);
  useEffect(() => {
    if (!isDrawn || !scroller.current) return undefined;
    onScroll();
    const sizes = new ResizeObserver(onScroll);
    sizes.observe(scroller.current);
    return () => sizes.disconnect();
  }, [scroller, isDrawn, onScroll]);
  return { view, onScroll };
}
