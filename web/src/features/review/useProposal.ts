import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError } from "@/api/client";
import { keys } from "@/api/queries/keys";
import { applyProposal, rejectProposal, undoProposal } from "@/api/queries/proposals";
import type { ApplyProposal, Conflict, Proposal } from "@/api/schema";
import { plural } from "@/lib/format";
import { toast } from "@/ui/Toast";
import { keepDecisions } from "./decisionStore";

/** Applies, rejects and takes back a proposal. */
export function useProposal(proposal: Proposal) {
  const client = useQueryClient();
  const [conflicts, setConflicts] = useState<readonly Conflict[]>([]);

  const settle = (next: Proposal) => {
    setConflicts([]);
    keepDecisions(next.id, new Map());
    client.setQueryData(keys.proposal(next.id), next);
    void client.invalidateQueries({ queryKey: keys.proposals(next.workspaceId) });
    void client.invalidateQueries({ queryKey: keys.files(next.workspaceId) });
    void client.invalidateQueries({ queryKey: ["file"] });
  };
  const tell = (error: unknown) => {
    const found = conflictsOf(error);
    if (found.length > 0) setConflicts(found);
    else toast.error(error);
    void client.invalidateQueries({ queryKey: keys.proposal(proposal.id) });
  };
  const undo = useMutation({
    mutationFn: () => undoProposal(proposal.id),
    onSuccess: (next) => {
      settle(next);
      toast.success("The changes were taken back");
    },
    onError: (error) => toast.error(error),
  });
  const apply = useMutation({
    mutationFn: (decision: ApplyProposal) => applyProposal(proposal.id, decision),
    onSuccess: (next) => {
      settle(next);
      const changed = next.files.filter(({ hunks }) =>
        hunks.some(({ state }) => state === "accepted"),
      );
      const title = `Applied to ${plural(changed.length, "file")}`;
      toast.success(title, { label: "Undo", run: () => undo.mutate() });
    },
    onError: tell,
  });
  const reject = useMutation({
    mutationFn: () => rejectProposal(proposal.id),
    onSuccess: (next) => {
      settle(next);
      toast.success("The proposal was rejected; nothing was changed");
    },
    onError: (error) => toast.error(error),
  });
  return {
    apply,
    reject,
    undo,
    conflicts,
    dropConflicts: () => setConflicts([]),
    isBusy: apply.isPending || reject.isPending || undo.isPending,
  };
}

function conflictsOf(error: unknown): readonly Conflict[] {
  return error instanceof ApiError && error.code === "merge_conflict"
    ? (error.problem.conflicts ?? [])
    : [];
}
