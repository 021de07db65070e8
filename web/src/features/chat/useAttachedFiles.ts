import { useState } from "react";
import { useStore } from "zustand";
import { useWorkspaceSearch } from "@/commands/useWorkspaceNavigation";
import { workspaceStore } from "@/lib/workspaceStore";

export interface AttachedFiles {
  readonly paths: readonly string[];
  add(path: string): void;
  remove(path: string): void;
  /** Those of them whose text on screen isn't saved. */
  readonly unsaved: readonly string[];
}

/**
 * The files that go with a question: the one in the editor, and what was added.
 * Of a file with selected lines only those go.
 */
export function useAttachedFiles(workspaceId: string): AttachedFiles {
  const { file } = useWorkspaceSearch();
  const store = workspaceStore(workspaceId);
  const { tabs, dirty, selections } = useStore(store);
  const [added, setAdded] = useState<readonly string[]>([]);
  // Left out for as long as it stays in front: opening it again attaches it again.
  const [leftOut, setLeftOut] = useState<string>();

  const active = tabs.find(({ fileId }) => fileId === file)?.path;
  const isActiveIn = active !== undefined && active !== leftOut && !added.includes(active);
  const isSelected = (path: string) => selections.some((other) => other.path === path);
  const paths = (isActiveIn ? [active, ...added] : added).filter((path) => !isSelected(path));
  return {
    paths,
    add: (path) => {
      // All of it has the lines in it.
      store.getState().setSelections(selections.filter((other) => other.path !== path));
      if (path === active) setLeftOut(undefined);
      else setAdded((all) => (all.includes(path) ? all : [...all, path]));
    },
    remove: (path) => {
      if (path === active) setLeftOut(path);
      setAdded((all) => all.filter((other) => other !== path));
    },
    unsaved: tabs
      .filter(({ fileId, path }) => dirty.has(fileId) && paths.includes(path))
      .map(({ path }) => path),
  };
}
