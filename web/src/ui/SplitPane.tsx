import { Fragment, type ReactNode } from "react";
import { Group, type Layout, Panel, Separator } from "react-resizable-panels";
import { cx } from "@/lib/cx";
import { readStored, writeStored } from "@/lib/storage";

export interface Pane {
  id: string;
  /** What it holds; names the border to its right or below. */
  label: string;
  content: ReactNode;
  /** Its share at first, in percent. */
  share: number;
  /** The least it may be, in pixels. */
  least: number;
}

/**
 * Panes side by side (or one above another) whose borders can be dragged, or
 * moved with the arrow keys. Sizes are kept in this browser under `name`.
 */
export function SplitPane({
  name,
  panes,
  orientation = "horizontal",
  className,
}: {
  name: string;
  panes: Pane[];
  orientation?: "horizontal" | "vertical";
  className?: string;
}) {
  const key = `atelier.layout.${name}`;
  const kept = keptLayout(readStored(key), panes);
  return (
    <Group
      id={name}
      orientation={orientation}
      className={cx("size-full", className)}
      {...(kept ? { defaultLayout: kept } : {})}
      onLayoutChanged={(layout) => writeStored(key, layout)}
    >
      {panes.map((pane, index) => (
        <Fragment key={pane.id}>
          {index > 0 ? (
            <Separator
              aria-label={`Resize ${panes[index - 1]?.label.toLowerCase()}`}
              className={cx(
                "relative bg-line transition-colors hover:bg-accent focus-visible:bg-accent focus-visible:outline-offset-0 data-[separator=active]:bg-accent",
                // A hair to see, and enough around it to take hold of.
                "after:absolute after:z-10 after:content-['']",
                orientation === "horizontal"
                  ? "w-px cursor-col-resize after:inset-y-0 after:-inset-x-1"
                  : "h-px cursor-row-resize after:inset-x-0 after:-inset-y-1",
              )}
            />
          ) : null}
          <Panel
            id={pane.id}
            defaultSize={`${pane.share}%`}
            minSize={pane.least}
            className="min-h-0 min-w-0"
          >
            {pane.content}
          </Panel>
        </Fragment>
      ))}
    </Group>
  );
}

/** A kept layout that fits these panes; one from another set of panes doesn't. */
export function keptLayout(raw: unknown, panes: Pick<Pane, "id">[]): Layout | undefined {
  if (typeof raw !== "object" || raw === null) return undefined;
  const entries = Object.entries(raw);
  const fits =
    entries.length === panes.length &&
    entries.every(
      ([id, size]) => typeof size === "number" && size >= 0 && panes.some((pane) => pane.id === id),
    );
  return fits ? (Object.fromEntries(entries) as Layout) : undefined;
}
