import { useQuery } from "@tanstack/react-query";
import { systemQuery } from "@/api/queries/system";
import { workspaceQuery } from "@/api/queries/workspaces";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";
import { LimitsForm } from "./LimitsForm";

/** The limits of a workspace's runs, once what they are is known. */
export function LimitSettings({ workspaceId }: { workspaceId: string }) {
  const workspace = useQuery(workspaceQuery(workspaceId));
  const system = useQuery(systemQuery);
  if (workspace.data && system.data) {
    return <LimitsForm workspace={workspace.data} system={system.data} />;
  }
  const error = workspace.error ?? system.error;
  if (!error) return <Skeleton lines={6} />;
  const retry = () => {
    void workspace.refetch();
    void system.refetch();
  };
  return <ErrorState error={error} retry={retry} />;
}
