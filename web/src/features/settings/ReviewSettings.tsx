import { useQuery } from "@tanstack/react-query";
import { workspaceQuery } from "@/api/queries/workspaces";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";
import { ReviewForm } from "./ReviewForm";

/** The rules of a workspace's reviews, once they are known. */
export function ReviewSettings({ workspaceId }: { workspaceId: string }) {
  const workspace = useQuery(workspaceQuery(workspaceId));
  if (workspace.data) return <ReviewForm workspace={workspace.data} />;
  if (!workspace.isError) return <Skeleton lines={6} />;
  return <ErrorState error={workspace.error} retry={() => void workspace.refetch()} />;
}
