import { useInfiniteQuery } from "@tanstack/react-query";
import { Archive, FolderPlus } from "lucide-react";
import type { ReactNode } from "react";
import { workspacesQuery } from "@/api/queries/workspaces";
import { Button } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";
import { WorkspaceRow } from "./WorkspaceRow";

/** The workspaces in use, or the archived ones. */
export function WorkspaceList({
  archived,
  newWorkspace,
}: {
  archived: boolean;
  /** The button that makes one, for when there is none. */
  newWorkspace: ReactNode;
}) {
  const list = useInfiniteQuery(workspacesQuery(archived));

  if (list.isPending) {
    return (
      <Card className="p-5">
        <Skeleton lines={4} />
      </Card>
    );
  }
  if (list.isError && !list.data) {
    return <ErrorState error={list.error} retry={() => void list.refetch()} />;
  }
  const workspaces = list.data?.pages.flatMap((page) => page.items) ?? [];
  if (workspaces.length === 0) {
    return <Card>{archived ? <NoneArchived /> : <None action={newWorkspace} />}</Card>;
  }
  return (
    <>
      {list.isError ? <ErrorState error={list.error} retry={() => void list.refetch()} /> : null}
      <Card>
        <ul aria-label={archived ? "Archived workspaces" : "Workspaces"}>
          {workspaces.map((workspace) => (
            <WorkspaceRow key={workspace.id} workspace={workspace} />
          ))}
        </ul>
      </Card>
      {list.hasNextPage ? (
        <Button
          className="self-center"
          busy={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          Show more
        </Button>
      ) : null}
    </>
  );
}

function None({ action }: { action: ReactNode }) {
  return (
    <EmptyState icon={<FolderPlus />} title="No workspaces yet" action={action}>
      Start from nothing, a template, a folder on this server, a zip or a git repository.
    </EmptyState>
  );
}

function NoneArchived() {
  return (
    <EmptyState icon={<Archive />} title="Nothing is archived">
      Archived workspaces keep their files and history, out of the way.
    </EmptyState>
  );
}
