import { useState } from "react";
import type { File, NewFileKind } from "@/api/schema";
import { runCommand } from "@/commands/registry";
import { useShowInWorkspace } from "@/commands/useWorkspaceNavigation";
import { joinPath, parentOf, type TreeNode } from "./treeModel";
import type { TreeState } from "./useTree";
import { useTreeActions } from "./useTreeActions";

export interface TreeHandlers {
  /** Shows a file, or opens or closes a folder. `takesFocus` goes on to the editor. */
  open(node: TreeNode<File>, takesFocus: boolean): void;
  create(folder: string, name: string, kind: NewFileKind): Promise<void>;
  rename(file: File, name: string): void;
  /** Deletes a file; a folder is asked about first. */
  remove(node: TreeNode<File> | undefined): void;
  /** The folder that is being asked about. */
  readonly deleting: File | undefined;
  /** Answers the question. */
  settle(isSure: boolean): void;
}

/** What happens to the tree when a person acts on it. */
export function useTreeHandlers(workspaceId: string, state: TreeState): TreeHandlers {
  const show = useShowInWorkspace();
  const actions = useTreeActions(workspaceId);
  const [deleting, setDeleting] = useState<File>();

  const openFile = (file: File, takesFocus: boolean) => {
    state.store.getState().openTab({ fileId: file.id, path: file.path });
    show({ file: file.id, line: undefined });
    if (takesFocus) runCommand("editor.focus");
  };
  return {
    open: (node, takesFocus) => {
      state.setFocused(node.path);
      if (node.isFolder) state.toggle(node.path);
      else if (node.file) openFile(node.file, takesFocus);
    },
    create: async (folder, name, kind) => {
      const made = await actions.create(joinPath(folder, name), kind);
      if (!made) return;
      state.reveal(made.path);
      state.setFocused(made.path);
      if (made.kind === "file") openFile(made, true);
    },
    rename: (file, name) => {
      const path = joinPath(parentOf(file.path), name);
      state.setFocused(path);
      void actions.rename(file, path);
    },
    remove: (node) => {
      if (!node?.file) return;
      if (node.isFolder) setDeleting(node.file);
      else void actions.remove(node.file);
    },
    deleting,
    settle: (isSure) => {
      if (isSure && deleting) void actions.remove(deleting);
      setDeleting(undefined);
    },
  };
}
