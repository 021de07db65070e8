import { ChevronRight } from "lucide-react";
import type { CSSProperties, ReactNode } from "react";
import { cx } from "@/lib/cx";
import { FileIcon } from "./fileIcon";
import type { TreeFile, TreeRow } from "./treeModel";

/** One row of the tree. `children` takes the name's place while it is edited. */
export function TreeItem<F extends TreeFile>({
  row,
  isActive,
  isFocusable,
  isDirty,
  style,
  onOpen,
  onFocus,
  children,
}: {
  row: TreeRow<F>;
  /** It is the file in the editor. */
  isActive: boolean;
  isFocusable: boolean;
  isDirty: boolean;
  style: CSSProperties;
  onOpen: () => void;
  onFocus: () => void;
  children?: ReactNode;
}) {
  const { node, level } = row;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree handles the keys of all its rows
    <div
      role="treeitem"
      id={`tree-${node.path}`}
      data-path={node.path}
      aria-level={level}
      aria-posinset={row.position}
      aria-setsize={row.siblings}
      aria-expanded={node.isFolder ? row.isExpanded : undefined}
      aria-selected={isActive}
      aria-label={isDirty ? `${node.name}, unsaved changes` : node.name}
      tabIndex={isFocusable ? 0 : -1}
      title={node.path}
      style={{ ...style, paddingLeft: `${0.375 + (level - 1) * 0.75}rem` }}
      onClick={onOpen}
      onFocus={onFocus}
      className={cx(
        "absolute inset-x-0 top-0 flex h-row cursor-default select-none items-center gap-1.5 pr-2 -outline-offset-2",
        isActive ? "bg-accent-soft text-ink" : "hover:bg-hover",
      )}
    >
      <ChevronRight
        aria-hidden
        className={cx(
          "size-3.5 shrink-0 text-muted transition-transform",
          !node.isFolder && "invisible",
          row.isExpanded && "rotate-90",
        )}
      />
      <FileIcon
        name={node.name}
        kind={node.file?.kind ?? "directory"}
        isExpanded={row.isExpanded}
      />
      {children ?? (
        <>
          <span className={cx("truncate", isActive && "font-medium")}>{node.name}</span>
          {isDirty ? (
            <span aria-hidden className="ml-auto size-1.5 shrink-0 rounded-full bg-accent" />
          ) : null}
        </>
      )}
    </div>
  );
}
