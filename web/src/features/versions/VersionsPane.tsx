import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { ArrowLeft, History } from "lucide-react";
import { useState } from "react";
import { fileQuery, versionsQuery } from "@/api/queries/files";
import { useLiveWorkspace } from "@/api/useLiveWorkspace";
import { useShowInWorkspace, useWorkspaceSearch } from "@/commands/useWorkspaceNavigation";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorState } from "@/ui/ErrorState";
import { IconButton } from "@/ui/IconButton";
import { Skeleton } from "@/ui/Skeleton";
import { VersionList } from "./VersionList";
import { VersionView } from "./VersionView";

/** The versions of the address's `?file=`. */
export function VersionsPane({ workspaceId }: { workspaceId: string }) {
  useLiveWorkspace(workspaceId);
  const { file } = useWorkspaceSearch();
  return (
    <section aria-label="Versions" className="flex min-h-0 flex-1 flex-col bg-panel">
      {file ? (
        <Versions key={file} fileId={file} />
      ) : (
        <EmptyState icon={<History />} title="No file is open">
          Open a file to see its versions.
        </EmptyState>
      )}
    </section>
  );
}

function Versions({ fileId }: { fileId: string }) {
  const show = useShowInWorkspace();
  const file = useQuery(fileQuery(fileId));
  const versions = useInfiniteQuery(versionsQuery(fileId));
  const [shownId, setShown] = useState<string>();

  const items = versions.data?.pages.flatMap((page) => page.items) ?? [];
  const shown = items.find(({ id }) => id === shownId);
  const error = versions.error ?? file.error;
  if (error && (!versions.data || !file.data)) {
    return (
      <ErrorState
        error={error}
        retry={() => {
          void versions.refetch();
          void file.refetch();
        }}
        className="m-3"
      />
    );
  }
  if (!versions.data || !file.data) return <Skeleton lines={5} className="p-4" />;
  if (items.length === 0) {
    return (
      <EmptyState icon={<History />} title="No versions">
        Large files and links are not versioned.
      </EmptyState>
    );
  }
  return (
    <>
      <header className="flex shrink-0 items-center gap-1 border-line border-b px-3 py-2 max-md:pl-1">
        <IconButton
          size="sm"
          label="Back to the editor"
          icon={<ArrowLeft />}
          onClick={() => show({ panel: "editor" })}
          className="md:hidden"
        />
        <h2 className="min-w-0 truncate font-medium">{file.data.file.path}</h2>
      </header>
      <div
        className={
          shown ? "max-h-[45%] shrink-0 overflow-y-auto" : "min-h-0 flex-1 overflow-y-auto"
        }
      >
        <VersionList
          versions={items}
          current={file.data.versionId ?? undefined}
          shown={shownId}
          hasMore={versions.hasNextPage}
          isLoadingMore={versions.isFetchingNextPage}
          onShow={({ id }) => setShown(id === shownId ? undefined : id)}
          onMore={() => void versions.fetchNextPage()}
        />
      </div>
      {shown ? (
        <VersionView
          key={shown.id}
          file={file.data}
          version={shown}
          before={items[items.indexOf(shown) + 1]}
        />
      ) : null}
    </>
  );
}
