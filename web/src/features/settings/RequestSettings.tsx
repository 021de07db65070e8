import { useQuery } from "@tanstack/react-query";
import { workspaceQuery } from "@/api/queries/workspaces";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";
import { RequestForm } from "./RequestForm";
import { SecretList } from "./SecretList";

/** A workspace's secrets, and what holds for its requests to models. */
export function RequestSettings({ workspaceId }: { workspaceId: string }) {
  const workspace = useQuery(workspaceQuery(workspaceId));
  return (
    <div className="flex flex-col gap-6">
      <section aria-labelledby="workspace-secrets" className="flex flex-col gap-2.5">
        <h3 id="workspace-secrets" className="font-semibold">
          Secrets of this workspace
        </h3>
        <SecretList workspaceId={workspaceId} />
      </section>
      {workspace.data ? (
        <RequestForm workspace={workspace.data} />
      ) : workspace.isError ? (
        <ErrorState error={workspace.error} retry={() => void workspace.refetch()} />
      ) : (
        <Skeleton lines={4} />
      )}
    </div>
  );
}
