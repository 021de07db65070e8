import { useQuery } from "@tanstack/react-query";
import { FileQuestion, FileX } from "lucide-react";
import { lazy, Suspense, useEffect } from "react";
import { ApiError } from "@/api/client";
import { fileQuery } from "@/api/queries/files";
import type { FileContent } from "@/api/schema";
import type { Documents } from "@/editor/documents";
import { type WorkspaceStore, workspaceStore } from "@/lib/workspaceStore";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";
import { DeletedNotice, DocumentNotices, unshownReason } from "./DocumentNotices";
import { PathBar } from "./PathBar";
import { TextEditor } from "./TextEditor";
import { useDocument } from "./useDocument";
import type { Saver } from "./useSaver";

const ConflictView = lazy(() =>
  import("./ConflictView").then((module) => ({ default: module.ConflictView })),
);

export interface OpenFileProps {
  workspaceId: string;
  fileId: string;
  line: number | undefined;
  documents: Documents;
  saver: Saver;
  wantsFocus: boolean;
  onFocused: () => void;
  onVersions: () => void;
  onClose: () => void;
}

/** The file in front: its text, or why it can't be shown. */
export function OpenFile(props: OpenFileProps) {
  const { workspaceId, fileId, documents, saver, onClose } = props;
  const store = workspaceStore(workspaceId);
  const file = useQuery(fileQuery(fileId));
  const info = useDocument(documents, fileId);
  useReceived(documents, store, file.data);

  const isGone = file.error instanceof ApiError && file.error.code === "not_found";
  if (!file.data && file.isError) {
    return isGone ? (
      <EmptyState
        icon={<FileX />}
        title="This file is gone"
        action={<Button onClick={onClose}>Close the tab</Button>}
      >
        It may have been deleted for good, or belong to another workspace.
      </EmptyState>
    ) : (
      <ErrorState error={file.error} retry={() => void file.refetch()} className="m-4" />
    );
  }
  if (!file.data) return <Skeleton lines={8} className="p-5" />;
  if (file.data.content == null && !info) return <Unshown file={file.data} />;
  if (!info) return <Skeleton lines={8} className="p-5" />;

  const conflict = saver.conflicts[fileId];
  const isDeleted = isGone || file.data.file.deletedAt != null;
  return (
    <>
      <PathBar
        documents={documents}
        info={info}
        isSaving={saver.saving.has(fileId)}
        onSave={() => void saver.save(fileId)}
        onVersions={props.onVersions}
      />
      {isDeleted ? (
        <DeletedNotice workspaceId={workspaceId} fileId={fileId} onClose={onClose} />
      ) : null}
      {conflict ? (
        <Suspense fallback={<Skeleton lines={8} className="p-5" />}>
          <ConflictView
            documents={documents}
            info={info}
            stale={conflict}
            saver={saver}
            onTaken={() => void file.refetch()}
          />
        </Suspense>
      ) : (
        <>
          <DocumentNotices
            documents={documents}
            info={info}
            // The version typed over is known to be old: nothing is written, and
            // the refusal brings the merge.
            onMerge={() => void saver.save(fileId)}
          />
          <TextEditor
            documents={documents}
            store={store}
            fileId={fileId}
            line={props.line}
            wantsFocus={props.wantsFocus}
            onFocused={props.onFocused}
          />
        </>
      )}
    </>
  );
}

/** Hands what the server has to the open documents and the tabs. */
function useReceived(
  documents: Documents,
  store: WorkspaceStore,
  data: FileContent | undefined,
): void {
  useEffect(() => {
    if (!data) return;
    const { file, content, versionId } = data;
    store.getState().openTab({ fileId: file.id, path: file.path });
    // What is typed in a file that was deleted meanwhile stays as it is.
    const isLost = file.deletedAt != null && documents.info(file.id) !== undefined;
    if (content == null || isLost) return;
    documents.receive(file.id, file.path, { text: content, versionId: versionId ?? "" });
  }, [documents, store, data]);
}

function Unshown({ file }: { file: FileContent }) {
  const isLink = file.file.kind === "symlink";
  return (
    <EmptyState icon={<FileQuestion />} title={`${file.file.path} can't be edited here`}>
      {isLink
        ? "It is a symbolic link. Links are shown but never followed."
        : unshownReason(file.binary, file.file.sizeBytes)}
    </EmptyState>
  );
}
