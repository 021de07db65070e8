import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { filesQuery } from "@/api/queries/files";
import { PickerDialog } from "@/ui/PickerDialog";

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
  const left = useMemo(
    () =>
      (files.data ?? [])
        .filter(({ kind, path }) => kind === "file" && !taken.includes(path))
        .map(({ path }) => ({ id: path, name: path })),
    [files.data, taken],
  );
  return (
    <PickerDialog
      title="Add a file to the question"
      label="Files"
      placeholder="Part of a path"
      query={files}
      items={left}
      none="There is no file to add."
      noneFound="No file's path has that in it."
      onPick={onPick}
      onClose={onClose}
    >
      {({ name }) => <span className="truncate">{name}</span>}
    </PickerDialog>
  );
}
