import { useQuery } from "@tanstack/react-query";
import { Command } from "cmdk";
import { useMemo, useState } from "react";
import { filesQuery } from "@/api/queries/files";
import { rank } from "@/lib/fuzzy";
import { Dialog } from "@/ui/Dialog";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";

/** As many as can be read at a glance; a few more letters find the rest. */
const SHOWN = 50;

/** Finds a file of the workspace by a few letters of its path. */
export function FilePicker({
  workspaceId,
  taken,
  onPick,
  onClose,
}: {
  workspaceId: string;
  taken: readonly string[];
  onPick: (path: string) => void;
  onClose: () => void;
}) {
  const files = useQuery(filesQuery(workspaceId));
  const [search, setSearch] = useState("");
  const found = useMemo(() => {
    const paths = (files.data ?? [])
      .filter(({ kind, path }) => kind === "file" && !taken.includes(path))
      .map(({ path }) => path);
    return rank(search, paths, (path) => path, SHOWN);
  }, [files.data, taken, search]);
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title="Add a file to the question"
    >
      {files.isError ? <ErrorState error={files.error} /> : null}
      {files.isPending ? <Skeleton lines={4} /> : null}
      <Command label="Files" loop shouldFilter={false}>
        <Command.Input
          value={search}
          onValueChange={setSearch}
          placeholder="Part of a path"
          className="mb-2 h-control w-full rounded-md border border-line-strong bg-sunken px-2.5"
        />
        <Command.List className="max-h-[45dvh] overflow-y-auto">
          {files.data ? (
            <Command.Empty className="px-2 py-6 text-center text-muted">
              No file's path has that in it.
            </Command.Empty>
          ) : null}
          {found.map((path) => (
            <Command.Item
              key={path}
              value={path}
              onSelect={() => onPick(path)}
              className="flex min-h-row cursor-default items-center rounded-sm px-2 data-[selected=true]:bg-accent-soft"
            >
              <span className="truncate">{path}</span>
            </Command.Item>
          ))}
        </Command.List>
      </Command>
    </Dialog>
  );
}
