import { useQuery } from "@tanstack/react-query";
import { ArrowLeft, MessageSquare, OctagonAlert } from "lucide-react";
import { turnQuery } from "@/api/queries/conversations";
import type { Proposal } from "@/api/schema";
import { useShowInWorkspace } from "@/commands/useWorkspaceNavigation";
import { ago, plural } from "@/lib/format";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { IconButton } from "@/ui/IconButton";
import { LineCounts } from "@/ui/LineCounts";
import { stateOf } from "./proposalState";
import { StaleDraft } from "./StaleDraft";

/** What a proposal is, who made it and how large it is. */
export function ProposalHead({ proposal, onBack }: { proposal: Proposal; onBack: () => void }) {
  const { label, tone } = stateOf(proposal.state);
  return (
    <header className="flex shrink-0 items-start gap-1 border-line border-b py-2 pr-3 pl-1.5">
      <IconButton size="sm" label="All proposals" icon={<ArrowLeft />} onClick={onBack} />
      <div className="min-w-0 flex-1">
        <h2 className="font-medium leading-snug [overflow-wrap:anywhere]">{proposal.title}</h2>
        <p className="mt-0.5 flex flex-wrap items-center gap-x-2 gap-y-1 text-muted text-sm">
          <Badge tone={tone}>{label}</Badge>
          {proposal.warning && proposal.state === "open" ? (
            <Badge tone="danger" icon={<OctagonAlert />}>
              Destructive
            </Badge>
          ) : null}
          <span>{plural(proposal.fileCount, "file")}</span>
          <LineCounts added={proposal.added} removed={proposal.removed} />
          <Origin proposal={proposal} />
        </p>
        <StaleDraft draft={proposal.draft} />
      </div>
    </header>
  );
}

function Origin({ proposal }: { proposal: Proposal }) {
  const show = useShowInWorkspace();
  const turn = useQuery({
    ...turnQuery(proposal.turnId ?? ""),
    enabled: proposal.turnId != null,
  });
  if (proposal.turnId == null) return <span>sent by a person, {ago(proposal.createdAt)}</span>;
  const conversation = turn.data?.conversationId;
  return (
    <span className="inline-flex flex-wrap items-center gap-x-1">
      by {turn.data?.model ?? "the assistant"}, {ago(proposal.createdAt)}
      {conversation ? (
        <Button
          size="sm"
          variant="ghost"
          icon={<MessageSquare />}
          onClick={() => show({ conversation, panel: "chat" })}
        >
          Show in chat
        </Button>
      ) : null}
    </span>
  );
}
