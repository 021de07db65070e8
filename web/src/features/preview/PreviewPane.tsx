import { useQuery } from "@tanstack/react-query";
import { AppWindow } from "lucide-react";
import { cellQuery } from "@/api/queries/cells";
import { useLiveWorkspace } from "@/api/useLiveWorkspace";
import { useShowInWorkspace, useWorkspaceSearch } from "@/commands/useWorkspaceNavigation";
import { Button } from "@/ui/Button";
import { CopyCode } from "@/ui/CopyCode";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";
import { Preview } from "./Preview";

const EXAMPLE = "python3 -m http.server 8000";

/** What the workspace's servers show. The one in front is the address's `?port=`. */
export function PreviewPane({ workspaceId }: { workspaceId: string }) {
  useLiveWorkspace(workspaceId);
  const cell = useQuery(cellQuery(workspaceId));
  const { port: wanted } = useWorkspaceSearch();
  const show = useShowInWorkspace();
  const ports = cell.data?.ports ?? [];
  const port = ports.find((one) => one.port === wanted) ?? ports[0];
  return (
    <section aria-label="Preview" className="flex min-h-0 flex-1 flex-col bg-panel">
      {port ? (
        <Preview
          key={port.port}
          workspaceId={workspaceId}
          port={port}
          ports={ports}
          onPort={(next) => show({ port: next }, { replace: true })}
        />
      ) : cell.isPending ? (
        <Skeleton lines={3} className="p-4" />
      ) : cell.isError ? (
        <ErrorState error={cell.error} retry={() => void cell.refetch()} className="m-3" />
      ) : (
        <EmptyState
          icon={<AppWindow />}
          title="No server is listening"
          action={
            <Button size="sm" onClick={() => show({ panel: "terminal" }, { replace: true })}>
              Go to the terminal
            </Button>
          }
        >
          <p>Start one in a terminal. Its page then appears here. For plain files:</p>
          <CopyCode text={EXAMPLE} label="Copy the command" className="mt-2 text-left text-ink" />
        </EmptyState>
      )}
    </section>
  );
}
