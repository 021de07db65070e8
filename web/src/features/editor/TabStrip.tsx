import { X } from "lucide-react";
import { useEffect, useRef } from "react";
import { cx } from "@/lib/cx";
import type { OpenTab } from "@/lib/workspaceStore";
import { labelsOf } from "./tabLabels";

/** The open files, one of which is in front. Scrolls sideways when they are many. */
export function TabStrip({
  tabs,
  dirty,
  active,
  onShow,
  onClose,
  onMove,
}: {
  tabs: readonly OpenTab[];
  dirty: ReadonlySet<string>;
  active: string | undefined;
  onShow: (fileId: string) => void;
  onClose: (fileId: string) => void;
  onMove: (fileId: string, index: number) => void;
}) {
  const labels = labelsOf(tabs.map(({ path }) => path));
  const dragged = useRef<string>(undefined);
  if (tabs.length === 0) return null;
  return (
    <ul
      aria-label="Open files"
      className="flex shrink-0 overflow-x-auto border-line border-b bg-panel [scrollbar-width:thin]"
    >
      {tabs.map(({ fileId, path }, index) => (
        <Tab
          key={fileId}
          path={path}
          label={labels[index] ?? { name: path, folder: undefined }}
          isActive={fileId === active}
          isDirty={dirty.has(fileId)}
          onShow={() => onShow(fileId)}
          onClose={() => onClose(fileId)}
          onDragStart={() => {
            dragged.current = fileId;
          }}
          onDrop={() => {
            if (dragged.current) onMove(dragged.current, index);
            dragged.current = undefined;
          }}
        />
      ))}
    </ul>
  );
}

function Tab({
  path,
  label,
  isActive,
  isDirty,
  onShow,
  onClose,
  onDragStart,
  onDrop,
}: {
  path: string;
  label: { name: string; folder: string | undefined };
  isActive: boolean;
  isDirty: boolean;
  onShow: () => void;
  onClose: () => void;
  onDragStart: () => void;
  onDrop: () => void;
}) {
  const item = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isActive) item.current?.scrollIntoView?.({ block: "nearest", inline: "nearest" });
  }, [isActive]);
  return (
    <li
      ref={item}
      draggable
      onDragStart={onDragStart}
      onDragOver={(event) => event.preventDefault()}
      onDrop={onDrop}
      className={cx(
        "group relative flex h-9 max-w-56 shrink-0 items-center border-line border-r pr-1 pointer-coarse:h-11",
        isActive ? "bg-sunken" : "hover:bg-hover",
      )}
    >
      {isActive ? <span aria-hidden className="absolute inset-x-0 top-0 h-0.5 bg-accent" /> : null}
      <button
        type="button"
        title={path}
        aria-current={isActive || undefined}
        onClick={onShow}
        onAuxClick={(event) => {
          if (event.button === 1) onClose();
        }}
        // Without this a press of the wheel starts to scroll.
        onMouseDown={(event) => {
          if (event.button === 1) event.preventDefault();
        }}
        onKeyDown={(event) => {
          if (event.key === "Delete") onClose();
        }}
        className={cx(
          "flex h-full min-w-0 items-center gap-1.5 pr-1 pl-3 focus-visible:-outline-offset-2",
          isActive ? "text-ink" : "text-muted",
        )}
      >
        <span className="truncate">{label.name}</span>
        {label.folder ? (
          <span className="max-w-24 truncate text-muted text-xs">{label.folder}</span>
        ) : null}
        {isDirty ? <span className="sr-only">, unsaved changes</span> : null}
      </button>
      <button
        type="button"
        aria-label={`Close ${label.name}`}
        onClick={onClose}
        className="relative inline-flex size-6 shrink-0 items-center justify-center rounded-sm text-muted hover:bg-pressed hover:text-ink focus-visible:-outline-offset-2 pointer-coarse:size-9"
      >
        {isDirty ? (
          <span
            aria-hidden
            className="size-2 rounded-full bg-accent group-focus-within:hidden group-hover:hidden"
          />
        ) : null}
        <X
          aria-hidden
          className={cx(
            "size-3.5",
            isDirty && "hidden group-focus-within:block group-hover:block",
            !isDirty &&
              !isActive &&
              "opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 pointer-coarse:opacity-100",
          )}
        />
      </button>
    </li>
  );
}
