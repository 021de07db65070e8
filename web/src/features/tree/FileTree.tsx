import { useQuery } from "@tanstack/react-query";
import { ChevronsDownUp, FilePlus2, FolderPlus, Trash2 } from "lucide-react";
import { type ReactNode, useMemo, useState } from "react";
import { useStore } from "zustand";
import { filesQuery } from "@/api/queries/files";
import { useLiveWorkspace } from "@/api/useLiveWorkspace";
import type { Command } from "@/commands/registry";
import { useRegisterCommands } from "@/commands/useCommands";
import { workspaceStore } from "@/lib/workspaceStore";
import { ErrorState } from "@/ui/ErrorState";
import { IconButton } from "@/ui/IconButton";
import { Input } from "@/ui/Input";
import { Skeleton } from "@/ui/Skeleton";
import { DeletedFiles } from "./DeletedFiles";
import { TreeView } from "./TreeView";
import type { Draft } from "./useTree";

/** The explorer: the workspace's files, by keyboard and mouse. Opens files through the address. */
export function FileTree({ workspaceId }: { workspaceId: string }) {
  const link = useLiveWorkspace(workspaceId);
  const files = useQuery(filesQuery(workspaceId));
  const expanded = useStore(workspaceStore(workspaceId), (state) => state.expanded);
  const [filter, setFilter] = useState("");
  const [draft, setDraft] = useState<Draft>();
  const [isDeletedShown, setDeletedShown] = useState(false);

  const begin = (kind: "file" | "directory") => {
    setFilter("");
    setDeletedShown(false);
    setDraft({ type: "create", kind, folder: undefined });
  };
  useTreeCommands(begin);
  const collapse = () => {
    const { setExpanded } = workspaceStore(workspaceId).getState();
    for (const path of expanded) setExpanded(path, false);
  };

  let body: ReactNode;
  if (isDeletedShown) {
    body = <DeletedFiles workspaceId={workspaceId} onBack={() => setDeletedShown(false)} />;
  } else if (files.data) {
    body = (
      <TreeView
        workspaceId={workspaceId}
        files={files.data}
        filter={filter}
        draft={draft}
        onDraft={setDraft}
      />
    );
  } else if (files.isError) {
    body = <ErrorState error={files.error} retry={() => void files.refetch()} className="m-3" />;
  } else {
    body = <Skeleton lines={6} className="p-3" />;
  }
  return (
    <section aria-label="Files" className="flex min-h-0 flex-1 flex-col">
      <header className="flex h-9 shrink-0 items-center gap-0.5 border-line border-b pr-1.5 pl-3 pointer-coarse:h-11">
        <h2 className="flex-1 font-medium">Files</h2>
        <IconButton size="sm" label="New file" icon={<FilePlus2 />} onClick={() => begin("file")} />
        <IconButton
          size="sm"
          label="New folder"
          icon={<FolderPlus />}
          onClick={() => begin("directory")}
        />
        <IconButton
          size="sm"
          label="Close all folders"
          icon={<ChevronsDownUp />}
          disabled={expanded.length === 0}
          onClick={collapse}
        />
        <IconButton
          size="sm"
          label="Deleted files"
          icon={<Trash2 />}
          aria-pressed={isDeletedShown}
          onClick={() => setDeletedShown(!isDeletedShown)}
        />
      </header>
      {isDeletedShown ? null : (
        <div className="shrink-0 p-2">
          <Input
            type="search"
            aria-label="Filter files"
            placeholder="Filter files"
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Escape") setFilter("");
            }}
            className="h-control-sm text-sm"
          />
        </div>
      )}
      {body}
      <p role="status" className="shrink-0 text-muted text-sm">
        {link === "waiting" ? (
          <span className="block border-line border-t px-3 py-1">
            Connection lost; trying again…
          </span>
        ) : null}
      </p>
    </section>
  );
}

function useTreeCommands(begin: (kind: "file" | "directory") => void): void {
  const [latest] = useState({ begin });
  latest.begin = begin;
  const commands = useMemo<Command[]>(
    () => [
      {
        id: "file.new",
        label: "New file",
        group: "Files",
        keys: "Alt+N",
        run: () => latest.begin("file"),
      },
      {
        id: "folder.new",
        label: "New folder",
        group: "Files",
        keys: "Alt+Shift+N",
        run: () => latest.begin("directory"),
      },
    ],
    [latest],
  );
  useRegisterCommands(commands);
}
