import { FilePlus2, FolderOpen, SearchX } from "lucide-react";
import { type KeyboardEvent, type MouseEvent, useRef, useState } from "react";
import { useStore } from "zustand";
import type { File } from "@/api/schema";
import { useWorkspaceSearch } from "@/commands/useWorkspaceNavigation";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { ContextMenu } from "@/ui/Menu";
import { DeleteDialog } from "./DeleteDialog";
import { DraftRow } from "./DraftRow";
import { NameInput } from "./NameInput";
import { TreeItem } from "./TreeItem";
import { menuItems } from "./treeMenu";
import { nameProblem, parentOf, type TreeNode } from "./treeModel";
import { type Draft, folderAt, useTree } from "./useTree";
import { type TreeHandlers, useTreeHandlers } from "./useTreeHandlers";
import { useTreeRows } from "./useTreeRows";

/** The rows of the tree that are in view, and everything that can be done with them. */
export function TreeView({
  workspaceId,
  files,
  filter,
  draft,
  onDraft,
}: {
  workspaceId: string;
  files: readonly File[];
  filter: string;
  draft: Draft | undefined;
  onDraft: (draft: Draft | undefined) => void;
}) {
  const { file: active } = useWorkspaceSearch();
  const scroller = useRef<HTMLDivElement>(null);
  const state = useTree(workspaceId, files, filter, active);
  const handlers = useTreeHandlers(workspaceId, state);
  const virtual = useTreeRows(scroller, state, active);
  const dirty = useStore(state.store, ({ dirty: all }) => all);
  const [pointed, setPointed] = useState<string>();
  const { rows, focused, tree } = state;

  const isTaken = (path: string) => tree.nodes.has(path);
  const rename = (node: TreeNode<File>) => onDraft({ type: "rename", path: node.path });
  const cancel = () => {
    onDraft(undefined);
    virtual.focusRow(focused);
  };
  const menu = menuItems(tree.nodes.get(pointed ?? ""), {
    onOpen: (node) => handlers.open(node, true),
    onRename: rename,
    onDelete: handlers.remove,
    onCreate: (kind, folder) => onDraft({ type: "create", kind, folder }),
  });
  const onPoint = (event: MouseEvent) => {
    const item = (event.target as Element).closest<HTMLElement>("[data-path]");
    setPointed(item?.dataset.path);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const node = focused === undefined ? undefined : tree.nodes.get(focused);
    if (!node || event.ctrlKey || event.metaKey || event.altKey) return;
    const isDone = actOn(node, event.key, handlers, rename) || virtual.move(event.key);
    if (isDone) event.preventDefault();
  };

  const folder = draft?.type === "create" ? (draft.folder ?? folderAt(state)) : undefined;
  const isEmpty = rows.length === 0 && folder === undefined;
  if (isEmpty && filter.trim() !== "") return <NoMatch filter={filter.trim()} />;
  if (isEmpty) {
    return <NoFiles onNew={() => onDraft({ type: "create", kind: "file", folder: "" })} />;
  }
  return (
    <>
      {draft?.type === "create" && folder !== undefined ? (
        <DraftRow kind={draft.kind} folder={folder}>
          <NameInput
            label={draft.kind === "file" ? "Name of the new file" : "Name of the new folder"}
            initial=""
            problemOf={(name) => nameProblem(name, folder, isTaken)}
            onDone={(name) => {
              onDraft(undefined);
              void handlers.create(folder, name, draft.kind);
            }}
            onCancel={cancel}
          />
        </DraftRow>
      ) : null}
      <ContextMenu label="File actions" items={menu}>
        <div
          ref={scroller}
          onScroll={virtual.onScroll}
          onContextMenuCapture={onPoint}
          className="min-h-0 flex-1 overflow-y-auto overflow-x-hidden"
        >
          <div
            role="tree"
            aria-label="Files"
            onKeyDown={onKeyDown}
            style={{ height: rows.length * virtual.rowHeight }}
            className="relative"
          >
            {virtual.shown.map((index) => {
              const row = rows[index];
              if (!row) return null;
              const { file, name, path } = row.node;
              const isRenamed = draft?.type === "rename" && draft.path === path;
              return (
                <TreeItem
                  key={path}
                  row={row}
                  isActive={file !== undefined && file.id === active}
                  isFocusable={path === focused}
                  isDirty={file !== undefined && dirty.has(file.id)}
                  style={{ transform: `translateY(${index * virtual.rowHeight}px)` }}
                  onOpen={() => handlers.open(row.node, false)}
                  onFocus={() => state.setFocused(path)}
                >
                  {isRenamed && file ? (
                    <NameInput
                      label={`New name of ${name}`}
                      initial={name}
                      problemOf={(typed) => nameProblem(typed, parentOf(path), isTaken)}
                      onDone={(typed) => {
                        onDraft(undefined);
                        handlers.rename(file, typed);
                      }}
                      onCancel={cancel}
                    />
                  ) : undefined}
                </TreeItem>
              );
            })}
          </div>
        </div>
      </ContextMenu>
      <DeleteDialog folder={handlers.deleting} files={files} onAnswer={handlers.settle} />
    </>
  );
}

/** Does what a key means for the focused entry; false when it means nothing. */
function actOn(
  node: TreeNode<File>,
  key: string,
  handlers: TreeHandlers,
  rename: (node: TreeNode<File>) => void,
): boolean {
  if (key === "Enter") handlers.open(node, true);
  else if (key === " ") handlers.open(node, false);
  else if (key === "F2" && node.file) rename(node);
  else if (key === "Delete") handlers.remove(node);
  else return false;
  return true;
}

function NoMatch({ filter }: { filter: string }) {
  return (
    <EmptyState icon={<SearchX />} title="Nothing matches">
      No file's path has “{filter}” in it.
    </EmptyState>
  );
}

function NoFiles({ onNew }: { onNew: () => void }) {
  return (
    <EmptyState
      icon={<FolderOpen />}
      title="No files yet"
      action={
        <Button icon={<FilePlus2 />} onClick={onNew}>
          New file
        </Button>
      }
    >
      Make one, or ask the assistant to.
    </EmptyState>
  );
}
