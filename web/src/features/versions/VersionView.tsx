import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { RotateCcw } from "lucide-react";
import { useEffect, useRef } from "react";
import { restoreVersion, versionQuery } from "@/api/queries/files";
import { keys } from "@/api/queries/keys";
import type { FileContent, Version } from "@/api/schema";
import { useShowInWorkspace } from "@/commands/useWorkspaceNavigation";
import { showComparison } from "@/editor/lazyViews";
import { Button } from "@/ui/Button";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";
import { toast } from "@/ui/Toast";

/**
 * A version compared with what stands now, and the way back to it. The version
 * that stands now is compared with the one before: what it changed.
 */
export function VersionView({
  file,
  version,
  before,
}: {
  file: FileContent;
  version: Version;
  /** The version before it. */
  before: Version | undefined;
}) {
  const isCurrent = version.id === file.versionId;
  const compared = isCurrent && before ? before : version;
  const content = useQuery(versionQuery(compared.id));
  const restore = useRestore(file);
  return (
    <div className="flex min-h-0 flex-1 flex-col border-line border-t">
      <header className="flex shrink-0 flex-wrap items-center gap-2 px-3 py-1.5">
        <p className="min-w-32 flex-1 text-muted text-sm">
          {isCurrent
            ? "What the latest version changed."
            : "Struck out: this version. In its place: what stands now."}
        </p>
        <Links version={version} />
        <Button
          size="sm"
          icon={<RotateCcw />}
          disabled={isCurrent || file.versionId == null}
          busy={restore.isPending}
          onClick={() => restore.mutate(version.id)}
        >
          Restore
        </Button>
      </header>
      {content.isError ? (
        <ErrorState error={content.error} retry={() => void content.refetch()} className="m-3" />
      ) : content.isPending ? (
        <Skeleton lines={5} className="p-3" />
      ) : content.data.content == null || file.content == null ? (
        <p className="px-3 py-4 text-muted">It is not text, so it can't be compared here.</p>
      ) : (
        <Comparison path={version.path} before={content.data.content} after={file.content} />
      )}
    </div>
  );
}

function useRestore(file: FileContent) {
  const client = useQueryClient();
  const { id, workspaceId } = file.file;
  return useMutation({
    mutationFn: (versionId: string) => restoreVersion(id, versionId, file.versionId ?? ""),
    onSuccess: (restored) => {
      client.setQueryData(keys.file(id), restored);
      void client.invalidateQueries({ queryKey: keys.versions(id) });
      void client.invalidateQueries({ queryKey: keys.files(workspaceId) });
      toast.success("The version was restored, as a new one");
    },
    onError: (error) => {
      toast.error(error);
      void client.invalidateQueries({ queryKey: keys.file(id) });
    },
  });
}

/** Where a version came from. */
function Links({ version }: { version: Version }) {
  const show = useShowInWorkspace();
  const { proposalId, runId } = version;
  return (
    <>
      {proposalId ? (
        <Button
          size="sm"
          variant="ghost"
          onClick={() => show({ proposal: proposalId, panel: "review" })}
        >
          Its proposal
        </Button>
      ) : null}
      {runId ? (
        <Button size="sm" variant="ghost" onClick={() => show({ run: runId, panel: "run" })}>
          Its run
        </Button>
      ) : null}
    </>
  );
}

function Comparison({ path, before, after }: { path: string; before: string; after: string }) {
  const parent = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!parent.current) return undefined;
    return showComparison(parent.current, {
      path,
      before: { text: before, label: "Earlier version" },
      after: { text: after, label: "Current version" },
      isUnified: true,
    });
  }, [path, before, after]);
  return <div ref={parent} className="min-h-0 flex-1 overflow-hidden border-line border-t" />;
}
