import { useQuery } from "@tanstack/react-query";
import { GitPullRequestArrow } from "lucide-react";
import { proposalsQuery } from "@/api/queries/proposals";
import type { ProposalState } from "@/api/schema";
import { useShowInWorkspace } from "@/commands/useWorkspaceNavigation";
import { cx } from "@/lib/cx";
import { plural } from "@/lib/format";
import { Badge, type Tone } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { LineCounts } from "@/ui/LineCounts";
import type { ProposalCounts } from "./turnLog";

const STATES: Record<ProposalState, { label: string; tone: Tone }> = {
  open: { label: "Waits for you", tone: "accent" },
  superseded: { label: "Superseded", tone: "neutral" },
  partly_applied: { label: "Partly applied", tone: "success" },
  applied: { label: "Applied", tone: "success" },
  rejected: { label: "Rejected", tone: "neutral" },
  undone: { label: "Undone", tone: "neutral" },
};

/** What an answer proposes to change, and where that stands. Nothing is written yet. */
export function ProposalCard({
  workspaceId,
  proposalId,
  counts,
}: {
  workspaceId: string;
  proposalId: string;
  counts: ProposalCounts | undefined;
}) {
  const show = useShowInWorkspace();
  const { data } = useQuery(proposalsQuery(workspaceId));
  const summary = data?.items.find(({ id }) => id === proposalId);
  const size = summary
    ? { files: summary.fileCount, added: summary.added, removed: summary.removed }
    : counts;
  const state = summary ? STATES[summary.state] : undefined;
  const isOpen = summary === undefined || summary.state === "open";
  return (
    <article
      aria-label="Proposal"
      className={cx(
        "flex flex-wrap items-center gap-x-3 gap-y-2 rounded-md border px-3 py-2.5",
        isOpen ? "border-accent/45 bg-accent-soft" : "border-line bg-raised",
      )}
    >
      <GitPullRequestArrow aria-hidden className="size-4 shrink-0 text-accent" />
      <div className="min-w-40 flex-1">
        <p className="font-medium">{summary?.title ?? "Proposed changes"}</p>
        <p className="flex flex-wrap items-center gap-x-2 text-sm">
          {size ? (
            <>
              <span className="text-muted">{plural(size.files, "file")}</span>
              <LineCounts added={size.added} removed={size.removed} />
            </>
          ) : null}
          {isOpen ? <span className="text-muted">Nothing is written yet.</span> : null}
        </p>
      </div>
      {state && !isOpen ? <Badge tone={state.tone}>{state.label}</Badge> : null}
      <Button
        size="sm"
        variant={isOpen ? "primary" : "secondary"}
        onClick={() => show({ proposal: proposalId, panel: "review" })}
      >
        Review
      </Button>
    </article>
  );
}
