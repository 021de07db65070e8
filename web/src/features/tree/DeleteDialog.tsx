import type { File } from "@/api/schema";
import { plural } from "@/lib/format";
import { AlertDialog } from "@/ui/AlertDialog";
import { nameOf } from "./treeModel";

/** Asks before a folder is deleted, and says how much is in it. */
export function DeleteDialog({
  folder,
  files,
  onAnswer,
}: {
  folder: File | undefined;
  files: readonly File[];
  onAnswer: (isSure: boolean) => void;
}) {
  const inside = folder
    ? files.filter(({ kind, path }) => kind !== "directory" && path.startsWith(`${folder.path}/`))
    : [];
  return (
    <AlertDialog
      open={folder !== undefined}
      onOpenChange={(open) => {
        if (!open) onAnswer(false);
      }}
      title={`Delete the folder ${nameOf(folder?.path ?? "")}?`}
      confirm="Delete folder"
      danger
      onConfirm={() => onAnswer(true)}
    >
      {inside.length === 0
        ? "It is empty."
        : `${plural(inside.length, "file")} in it will be deleted too.`}{" "}
      You can bring it back from “Deleted files”.
    </AlertDialog>
  );
}
