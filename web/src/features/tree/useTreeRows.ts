import { defaultRangeExtractor, type Range, useVirtualizer } from "@tanstack/react-virtual";
import { type RefObject, useCallback, useEffect, useRef } from "react";
import { useMediaQuery } from "@/ui/useMediaQuery";
import { findByTyping, moveFor } from "./treeModel";
import type { TreeState } from "./useTree";

export interface TreeRows {
  readonly items: readonly { readonly index: number; readonly start: number }[];
  /** The height of all rows, in pixels. */
  readonly height: number;
  /** Does what a key means for the focus; false when it means nothing. */
  move(key: string): boolean;
  /** Puts the keyboard's focus on a row. */
  focusRow(path: string | undefined): void;
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
  const isCoarse = useMediaQuery("(pointer: coarse)");
  const focusedIndex = rows.findIndex((row) => row.node.path === focused);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    // The height of `--row`, in the page's own unit.
    estimateSize: () => (isCoarse ? 2.375 : 1.625) * rootFontSize(),
    overscan: 12,
    rangeExtractor: (range: Range) => {
      const shown = defaultRangeExtractor(range);
      const isShown = focusedIndex < 0 || shown.includes(focusedIndex);
      return isShown ? shown : [...shown, focusedIndex].sort((a, b) => a - b);
    },
  });

  const wantsFocus = useRef(false);
  const typed = useRef({ text: "", at: 0 });
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
    virtual.scrollToIndex(focusedIndex);
    row.focus({ preventScroll: true });
  });

  const activeIndex = rows.findIndex((row) => row.node.file?.id === active);
  useEffect(() => {
    if (activeIndex >= 0) virtual.scrollToIndex(activeIndex);
  }, [activeIndex, virtual]);

  const move = (key: string): boolean => {
    const step = moveFor(rows, focused ?? "", key);
    if (step?.type === "focus") focusRow(step.path);
    else if (step) toggle(step.path);
    else if (key.length === 1 && focused !== undefined) return find(key, focused);
    return step !== undefined;
  };
  const find = (letter: string, from: string): boolean => {
    const now = performance.now();
    const before = now - typed.current.at < TYPING ? typed.current.text : "";
    typed.current = { text: before + letter, at: now };
    const found = findByTyping(rows, from, typed.current.text);
    focusRow(found);
    return found !== undefined;
  };
  return { items: virtual.getVirtualItems(), height: virtual.getTotalSize(), move, focusRow };
}

function rootFontSize(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
}
