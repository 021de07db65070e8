import { useMutation, useQueryClient } from "@tanstack/react-query";
import { GitPullRequestArrow, Trash2 } from "lucide-react";
import { useState } from "react";
import { discardDraft, proposeDraft } from "@/api/queries/drafts";
import { keys } from "@/api/queries/keys";
import type { DraftDetail } from "@/api/schema";
import { useShowInWorkspace } from "@/commands/useWorkspaceNavigation";
import { plural } from "@/lib/format";
import { AlertDialog } from "@/ui/AlertDialog";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { toast } from "@/ui/Toast";
import { changeWord } from "./changeWords";
import { DraftReads } from "./DraftReads";

/** What a draft changes, and what can become of it. */
export function DraftChanges({ workspaceId, draft }: { workspaceId: string; draft: DraftDetail }) {
  const { discard, propose } = useDraftActions(workspaceId, draft.id);
  const show = useShowInWorkspace();
  const [isAsking, setAsking] = useState(false);
  const stale = new Set(draft.stale);
  return (
    <div className="flex flex-col gap-2.5 px-3 pb-3 pl-9.5">
      {draft.changes.length === 0 ? (
        <p className="text-muted">It changes nothing so far.</p>
      ) : (
        <ul aria-label="Changes" className="flex flex-col gap-0.5">
          {draft.changes.map((change) => (
            <li key={change.path} className="flex flex-wrap items-baseline gap-x-2.5">
              <span className="w-20 shrink-0 text-muted text-sm">{changeWord(change.kind)}</span>
              <code className="min-w-0 break-all font-mono text-sm">
                {change.from ? `${change.from} → ${change.path}` : change.path}
              </code>
              {stale.has(change.path) ? <Badge tone="warning">changed since</Badge> : null}
            </li>
          ))}
        </ul>
      )}
      <DraftReads draft={draft} />
      {draft.proposalId ? (
        <Button
          size="sm"
          className="self-start"
          onClick={() => show({ proposal: draft.proposalId ?? undefined, panel: "review" })}
        >
          Show the proposal
        </Button>
      ) : null}
      {draft.state === "open" ? (
        <div className="flex flex-wrap gap-2">
          <Button
            size="sm"
            variant="primary"
            icon={<GitPullRequestArrow />}
            busy={propose.isPending}
            disabled={draft.changes.length === 0}
            onClick={() => propose.mutate()}
          >
            Make a proposal
          </Button>
          <Button size="sm" icon={<Trash2 />} onClick={() => setAsking(true)}>
            Discard
          </Button>
        </div>
      ) : null}
      <AlertDialog
        open={isAsking}
        onOpenChange={setAsking}
        title="Discard this draft?"
        confirm="Discard"
        danger
        busy={discard.isPending}
        onConfirm={() => discard.mutate(undefined, { onSettled: () => setAsking(false) })}
      >
        Its {plural(draft.changes.length, "change")} can't be brought back. Your files stay as they
        are.
      </AlertDialog>
    </div>
  );
}

function useDraftActions(workspaceId: string, id: string) {
  const client = useQueryClient();
  const show = useShowInWorkspace();
  const readAgain = () =>
    Promise.all(
      [keys.drafts(workspaceId), keys.draft(id), keys.proposals(workspaceId)].map((queryKey) =>
        client.invalidateQueries({ queryKey }),
      ),
    );
  const discard = useMutation({
    mutationFn: () => discardDraft(id),
    onSuccess: readAgain,
    onError: (error) => toast.error(error),
  });
  const propose = useMutation({
    mutationFn: () => proposeDraft(id),
    onSuccess: async (proposal) => {
      await readAgain();
      show({ proposal: proposal.id, panel: "review" });
    },
    onError: (error) => toast.error(error),
  });
  return { discard, propose };
}
