import { type KeyboardEvent, type PointerEvent, useRef } from "react";
import { cx } from "@/lib/cx";
import { borderStep } from "@/lib/split";

/** The border between two panes, to drag or to move with the arrow keys. */
export function SplitBorder({
  label,
  isWide,
  percent,
  measure,
  onMove,
  onReset,
}: {
  label: string;
  /** The panes stand side by side. */
  isWide: boolean;
  /** The share of the pane before it. */
  percent: number;
  /** The panes' sizes now, in pixels. */
  measure: () => number[];
  /** Moves it by some pixels from where the sizes were these. */
  onMove: (from: number[], delta: number) => void;
  onReset: () => void;
}) {
  const drag = useRef<{ at: number; sizes: number[] } | null>(null);
  const placeOf = (event: PointerEvent) => (isWide ? event.clientX : event.clientY);

  const onPointerDown = (event: PointerEvent<HTMLDivElement>) => {
    if (event.button !== 0) return;
    // No text is to be selected on the way; that would take the focus along too.
    event.preventDefault();
    event.currentTarget.focus({ preventScroll: true });
    event.currentTarget.setPointerCapture(event.pointerId);
    drag.current = { at: placeOf(event), sizes: measure() };
  };
  const onPointerMove = (event: PointerEvent) => {
    if (drag.current) onMove(drag.current.sizes, placeOf(event) - drag.current.at);
  };
  const onPointerEnd = () => {
    drag.current = null;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = borderStep(event.key, isWide, event.shiftKey);
    if (step === undefined) return;
    event.preventDefault();
    onMove(measure(), step);
  };

  return (
    // biome-ignore lint/a11y/useSemanticElements: an <hr> can't be moved
    <div
      role="separator"
      tabIndex={0}
      aria-label={label}
      aria-orientation={isWide ? "vertical" : "horizontal"}
      aria-valuenow={Math.round(percent)}
      aria-valuemin={0}
      aria-valuemax={100}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerEnd}
      onPointerCancel={onPointerEnd}
      onKeyDown={onKeyDown}
      onDoubleClick={onReset}
      className={cx(
        "relative shrink-0 touch-none bg-line transition-colors hover:bg-accent focus-visible:bg-accent focus-visible:outline-offset-0 active:bg-accent",
        // A hair to see, and enough around it to take hold of.
        "after:absolute after:z-10 after:content-['']",
        isWide
          ? "w-px cursor-col-resize after:inset-y-0 after:-inset-x-1 pointer-coarse:after:-inset-x-3"
          : "h-px cursor-row-resize after:inset-x-0 after:-inset-y-1 pointer-coarse:after:-inset-y-3",
      )}
    />
  );
}
