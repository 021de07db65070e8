import { type CSSProperties, Fragment, type ReactNode, useRef, useState } from "react";
import { cx } from "@/lib/cx";
import { moveBorder, parseShares } from "@/lib/split";
import { readStored, writeStored } from "@/lib/storage";
import { SplitBorder } from "./SplitBorder";

export interface Pane {
  id: string;
  /** What it holds; names the border behind it. */
  label: string;
  content: ReactNode;
  /** Its share at first. Shares are relative to one another. */
  share: number;
  /** The least it may be, in pixels. */
  least: number;
}

/**
 * Panes side by side (or one above another) whose borders can be dragged, or
 * moved with the arrow keys. Shares are kept in this browser under `name`, and
 * stay when a pane comes and goes.
 */
export function SplitPane({
  name,
  panes,
  orientation = "horizontal",
}: {
  name: string;
  panes: Pane[];
  orientation?: "horizontal" | "vertical";
}) {
  const key = `atelier.layout.${name}`;
  const isWide = orientation === "horizontal";
  const [shares, setShares] = useState(() => parseShares(readStored(key)));
  const elements = useRef(new Map<string, HTMLElement>());

  const shareOf = (pane: Pane) => shares[pane.id] ?? pane.share;
  const whole = panes.reduce((sum, pane) => sum + shareOf(pane), 0);
  const measure = () =>
    panes.map(({ id }) => {
      const box = elements.current.get(id)?.getBoundingClientRect();
      return (isWide ? box?.width : box?.height) ?? 0;
    });
  const move = (from: number[], index: number, delta: number) => {
    const leasts = panes.map(({ least }) => least);
    const length = from.reduce((sum, size) => sum + size, 0);
    if (length === 0) return;
    const sizes = moveBorder(from, leasts, index, delta);
    // Those that aren't shown now keep what they had.
    const next = { ...shares };
    for (const [at, { id }] of panes.entries()) next[id] = ((sizes[at] ?? 0) / length) * whole;
    setShares(next);
    writeStored(key, next);
  };
  const reset = () => {
    setShares({});
    writeStored(key, undefined);
  };

  return (
    <div className={cx("flex size-full min-h-0 min-w-0 overflow-hidden", !isWide && "flex-col")}>
      {panes.map((pane, index) => (
        <Fragment key={pane.id}>
          {index > 0 ? (
            <SplitBorder
              label={`Resize ${panes[index - 1]?.label.toLowerCase()}`}
              isWide={isWide}
              percent={(shareOf(panes[index - 1] ?? pane) / whole) * 100}
              measure={measure}
              onMove={(from, delta) => move(from, index - 1, delta)}
              onReset={reset}
            />
          ) : null}
          <div
            ref={(element) => {
              if (element) elements.current.set(pane.id, element);
              else elements.current.delete(pane.id);
            }}
            style={paneStyle(shareOf(pane), pane.least, isWide)}
          >
            {pane.content}
          </div>
        </Fragment>
      ))}
    </div>
  );
}

function paneStyle(share: number, least: number, isWide: boolean): CSSProperties {
  const limits = isWide ? { minWidth: least, minHeight: 0 } : { minHeight: least, minWidth: 0 };
  return { ...limits, flexGrow: share, flexBasis: 0, overflow: "hidden" };
}
