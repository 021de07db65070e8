import { useQuery } from "@tanstack/react-query";
import { proposalQuery, proposalsQuery } from "@/api/queries/proposals";
import { useLiveWorkspace } from "@/api/useLiveWorkspace";
import { useShowInWorkspace, useWorkspaceSearch } from "@/commands/useWorkspaceNavigation";
import { Button } from "@/ui/Button";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";
import { ProposalList } from "./ProposalList";
import { ProposalReview } from "./ProposalReview";

/** The review of proposals. The one shown is the address's `?proposal=`. */
export function ReviewPane({ workspaceId }: { workspaceId: string }) {
  useLiveWorkspace(workspaceId);
  const { proposal: id } = useWorkspaceSearch();
  return (
    <section aria-label="Review" className="flex min-h-0 flex-1 flex-col bg-panel">
      {id ? <One key={id} id={id} /> : <All workspaceId={workspaceId} />}
    </section>
  );
}

function One({ id }: { id: string }) {
  const show = useShowInWorkspace();
  const proposal = useQuery(proposalQuery(id));
  const back = () => show({ proposal: undefined });
  if (proposal.data) return <ProposalReview proposal={proposal.data} onBack={back} />;
  if (proposal.isError) {
    return (
      <div className="flex flex-col items-start gap-3 p-3">
        <ErrorState error={proposal.error} retry={() => void proposal.refetch()} />
        <Button onClick={back}>All proposals</Button>
      </div>
    );
  }
  return <Skeleton lines={6} className="p-4" />;
}

function All({ workspaceId }: { workspaceId: string }) {
  const show = useShowInWorkspace();
  const proposals = useQuery(proposalsQuery(workspaceId));
  if (proposals.data) {
    return (
      <ProposalList
        proposals={proposals.data.items}
        onShow={(proposal) => show({ proposal, panel: "review" })}
      />
    );
  }
  if (proposals.isError) {
    return (
      <ErrorState error={proposals.error} retry={() => void proposals.refetch()} className="m-3" />
    );
  }
  return <Skeleton lines={4} className="p-4" />;
}
