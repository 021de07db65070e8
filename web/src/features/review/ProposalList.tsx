import { GitPullRequestArrow } from "lucide-react";
import type { ProposalSummary } from "@/api/schema";
import { ago, plural } from "@/lib/format";
import { Badge } from "@/ui/Badge";
import { EmptyState } from "@/ui/EmptyState";
import { LineCounts } from "@/ui/LineCounts";
import { stateOf } from "./proposalState";

/** The proposals that wait for a decision, and those that were decided. */
export function ProposalList({
  proposals,
  onShow,
}: {
  proposals: readonly ProposalSummary[];
  onShow: (id: string) => void;
}) {
  const open = proposals.filter(({ state }) => state === "open");
  const decided = proposals.filter(({ state }) => state !== "open");
  if (proposals.length === 0) {
    return (
      <EmptyState icon={<GitPullRequestArrow />} title="Nothing to review">
        When the assistant proposes changes they wait here. Nothing is written to your files before
        you accept it.
      </EmptyState>
    );
  }
  return (
    <div className="min-h-0 flex-1 overflow-y-auto pb-3">
      <Group
        title="Waiting for you"
        empty="Nothing waits for a decision."
        proposals={open}
        onShow={onShow}
      />
      {decided.length > 0 ? (
        <Group title="Decided" empty="" proposals={decided} onShow={onShow} />
      ) : null}
    </div>
  );
}

function Group({
  title,
  empty,
  proposals,
  onShow,
}: {
  title: string;
  empty: string;
  proposals: readonly ProposalSummary[];
  onShow: (id: string) => void;
}) {
  return (
    <section aria-label={title}>
      <h2 className="px-3.5 pt-3 pb-1 text-muted text-sm">{title}</h2>
      {proposals.length === 0 ? <p className="px-3.5 py-1">{empty}</p> : null}
      <ul>
        {proposals.map((proposal) => {
          const { label, tone } = stateOf(proposal.state);
          return (
            <li key={proposal.id}>
              <button
                type="button"
                onClick={() => onShow(proposal.id)}
                className="flex min-h-control w-full flex-col gap-1 px-3.5 py-2 text-left -outline-offset-2 hover:bg-hover"
              >
                <span className="w-full truncate font-medium">{proposal.title}</span>
                <span className="flex flex-wrap items-center gap-x-2 gap-y-1 text-muted text-sm">
                  {proposal.state === "open" ? null : <Badge tone={tone}>{label}</Badge>}
                  {plural(proposal.fileCount, "file")}
                  <LineCounts added={proposal.added} removed={proposal.removed} />
                  {ago(proposal.createdAt)}
                </span>
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
