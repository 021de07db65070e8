import { useCallback, useEffect, useMemo, useState } from "react";
import { useStore } from "zustand";
import type { File, NewFileKind } from "@/api/schema";
import { type WorkspaceStore, workspaceStore } from "@/lib/workspaceStore";
import {
  ancestorsOf,
  buildTree,
  filteredRows,
  parentOf,
  type Tree,
  type TreeRow,
  visibleRows,
} from "./treeModel";

/** A name that is being typed in the tree. */
export type Draft =
  | {
      readonly type: "create";
      readonly kind: NewFileKind;
      /** Where to; beside what has the focus when it isn't said. */
      readonly folder: string | undefined;
    }
  | { readonly type: "rename"; readonly path: string };

export interface TreeState {
  readonly tree: Tree<File>;
  readonly rows: readonly TreeRow<File>[];
  readonly store: WorkspaceStore;
  /** The row that the keyboard acts on. */
  readonly focused: string | undefined;
  setFocused(path: string): void;
  toggle(path: string): void;
  /** Opens the folders that an entry is in. */
  reveal(path: string): void;
}

/** The rows on screen and which of them has the focus. */
export function useTree(
  workspaceId: string,
  files: readonly File[],
  filter: string,
  active: string | undefined,
): TreeState {
  const store = workspaceStore(workspaceId);
  const expanded = useStore(store, (state) => state.expanded);
  const [wanted, setFocused] = useState<string>();
  const tree = useMemo(() => buildTree(files), [files]);
  const rows = useMemo(() => {
    const open = new Set(expanded);
    return filter.trim() === ""
      ? visibleRows(tree, (path) => open.has(path))
      : filteredRows(tree, filter);
  }, [tree, expanded, filter]);

  const reveal = useCallback(
    (path: string) => {
      for (const folder of ancestorsOf(path)) store.getState().setExpanded(folder, true);
    },
    [store],
  );
  const activePath = useMemo(() => files.find(({ id }) => id === active)?.path, [files, active]);
  useEffect(() => {
    if (activePath === undefined) return;
    reveal(activePath);
    setFocused(activePath);
  }, [activePath, reveal]);

  const toggle = (path: string) =>
    store.getState().setExpanded(path, !store.getState().expanded.includes(path));
  const focused = nearest(rows, wanted);
  return { tree, rows, store, focused, setFocused, toggle, reveal };
}

/** The row itself or, when it isn't shown any more, the closest folder that is. */
function nearest(rows: readonly TreeRow<File>[], wanted: string | undefined): string | undefined {
  const shown = new Set(rows.map((row) => row.node.path));
  for (let path = wanted; path; path = parentOf(path)) {
    if (shown.has(path)) return path;
  }
  return rows[0]?.node.path;
}

/** The folder that something new is made in: the focused one, or the one it is in. */
export function folderAt({ focused, tree }: TreeState): string {
  const node = focused === undefined ? undefined : tree.nodes.get(focused);
  if (!node) return "";
  return node.isFolder ? node.path : parentOf(node.path);
}
