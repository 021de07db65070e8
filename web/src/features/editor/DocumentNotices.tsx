import { useMutation, useQueryClient } from "@tanstack/react-query";
import { undeleteFile } from "@/api/queries/files";
import { keys } from "@/api/queries/keys";
import type { DocumentInfo, Documents } from "@/editor/documents";
import { bytes } from "@/lib/format";
import { Button } from "@/ui/Button";
import { Notice } from "@/ui/Notice";
import { toast } from "@/ui/Toast";

/** What is unusual about the open document. */
export function DocumentNotices({
  documents,
  info,
  onMerge,
}: {
  documents: Documents;
  info: DocumentInfo;
  /** Compares what was typed with what the server has. */
  onMerge: () => void;
}) {
  const { fileId } = info;
  return (
    <>
      {info.size === "large" ? (
        <Notice tone="info">This file is over 1 MiB; editing may be slow.</Notice>
      ) : null}
      {info.size === "readOnly" ? (
        <Notice tone="info">
          This file is over 5 MiB, so it is shown as plain text, read-only.
        </Notice>
      ) : null}
      {info.incoming ? (
        <Notice
          tone="warning"
          actions={
            <>
              <Button size="sm" onClick={onMerge}>
                Compare and merge
              </Button>
              <Button size="sm" variant="ghost" onClick={() => documents.discard(fileId)}>
                Discard mine
              </Button>
            </>
          }
        >
          {info.isRestored ? "Your unsaved text was restored, but the" : "The"} file has changed
          since. Nothing of yours is lost.
        </Notice>
      ) : null}
      {info.isRestored && !info.incoming ? (
        <Notice
          tone="info"
          actions={
            <>
              <Button size="sm" onClick={() => documents.acknowledge(fileId)}>
                Keep
              </Button>
              <Button size="sm" variant="ghost" onClick={() => documents.discard(fileId)}>
                Discard
              </Button>
            </>
          }
        >
          Text that you had not saved was restored.
        </Notice>
      ) : null}
    </>
  );
}

/** Tells that the open file was deleted meanwhile. */
export function DeletedNotice({
  workspaceId,
  fileId,
  onClose,
}: {
  workspaceId: string;
  fileId: string;
  onClose: () => void;
}) {
  const client = useQueryClient();
  const restore = useMutation({
    mutationFn: () => undeleteFile(fileId),
    onSuccess: (file) => {
      client.setQueryData(keys.file(fileId), file);
      void client.invalidateQueries({ queryKey: keys.files(workspaceId) });
    },
    onError: (error) => toast.error(error),
  });
  return (
    <Notice
      tone="warning"
      actions={
        <>
          <Button size="sm" busy={restore.isPending} onClick={() => restore.mutate()}>
            Restore file
          </Button>
          <Button size="sm" variant="ghost" onClick={onClose}>
            Close
          </Button>
        </>
      }
    >
      This file was deleted. What you see is its last text.
    </Notice>
  );
}

/** Why a file can't be shown as text. */
export function unshownReason(isBinary: boolean, sizeBytes: number): string {
  return isBinary
    ? `It is not UTF-8 text (${bytes(sizeBytes)}). It can be renamed, deleted and used by runs.`
    : `It is ${bytes(sizeBytes)}, more than the editor takes. Runs can use it as it is.`;
}
