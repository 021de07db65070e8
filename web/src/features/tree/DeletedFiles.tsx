import { useQuery } from "@tanstack/react-query";
import { ArrowLeft, RotateCcw, Trash2 } from "lucide-react";
import { useState } from "react";
import { deletedFilesQuery } from "@/api/queries/files";
import type { File } from "@/api/schema";
import { ago, count } from "@/lib/format";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";
import { FileIcon } from "./fileIcon";
import { nameOf, parentOf } from "./treeModel";
import { useTreeActions } from "./useTreeActions";

/** More rows than this are not drawn; nobody looks for a file by scrolling that far. */
const MOST_SHOWN = 500;

/** The deleted files, latest first, each of which can be brought back. */
export function DeletedFiles({ workspaceId, onBack }: { workspaceId: string; onBack: () => void }) {
  const deleted = useQuery(deletedFilesQuery(workspaceId));
  return (
    <>
      <Button variant="ghost" icon={<ArrowLeft />} onClick={onBack} className="m-1.5 self-start">
        Back to the files
      </Button>
      {deleted.isError ? (
        <ErrorState error={deleted.error} retry={() => void deleted.refetch()} className="m-3" />
      ) : null}
      {deleted.isPending ? <Skeleton lines={4} className="p-3" /> : null}
      {deleted.data ? <DeletedList workspaceId={workspaceId} files={deleted.data} /> : null}
    </>
  );
}

function DeletedList({ workspaceId, files }: { workspaceId: string; files: readonly File[] }) {
  const actions = useTreeActions(workspaceId);
  const [restoring, setRestoring] = useState<string>();
  if (files.length === 0) {
    return (
      <EmptyState icon={<Trash2 />} title="Nothing was deleted">
        Files you delete can be brought back from here.
      </EmptyState>
    );
  }
  const latestFirst = files.toSorted((a, b) =>
    (b.deletedAt ?? "").localeCompare(a.deletedAt ?? ""),
  );
  const restore = async (file: File) => {
    setRestoring(file.id);
    await actions.restore(file);
    setRestoring(undefined);
  };
  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      <ul aria-label="Deleted files">
        {latestFirst.slice(0, MOST_SHOWN).map((file) => (
          <li key={file.id} className="flex items-center gap-2 px-3 py-1.5">
            <FileIcon name={file.path} kind={file.kind} />
            <div className="min-w-0 flex-1">
              <p className="truncate" title={file.path}>
                {nameOf(file.path)}
              </p>
              <p className="truncate text-muted text-sm">
                {[parentOf(file.path), ago(file.deletedAt ?? "")].filter(Boolean).join(" · ")}
              </p>
            </div>
            <Button
              size="sm"
              icon={<RotateCcw />}
              busy={restoring === file.id}
              aria-label={`Restore ${file.path}`}
              onClick={() => void restore(file)}
            >
              Restore
            </Button>
          </li>
        ))}
      </ul>
      {files.length > MOST_SHOWN ? (
        <p className="px-3 py-2 text-muted text-sm">
          The latest {count(MOST_SHOWN)} of {count(files.length)} are shown.
        </p>
      ) : null}
    </div>
  );
}
