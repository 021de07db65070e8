import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError } from "@/api/client";
import { keys } from "@/api/queries/keys";
import {
  applyProposal,
  cancelCheck,
  checkProposal,
  rejectProposal,
  undoProposal,
} from "@/api/queries/proposals";
import type { Conflict, Proposal, Resolution, Warning } from "@/api/schema";
import { plural } from "@/lib/format";
import { newId } from "@/lib/newId";
import { toast } from "@/ui/Toast";
import { keepDecisions } from "./decisionStore";

/** Hunks on their way into the files, or out of them. */
export interface Step {
  readonly way: "apply" | "undo";
  /** All that can go when absent. */
  readonly hunks?: readonly string[];
  readonly resolutions?: readonly Resolution[];
  readonly confirm?: string;
  /** Names the change, so that a repeated request makes it once. */
  readonly transactionId: string;
}

/** What the server wants to know before it takes a step. */
export type Question =
  | { readonly kind: "conflicts"; readonly step: Step; readonly conflicts: readonly Conflict[] }
  | { readonly kind: "warning"; readonly step: Step; readonly warning: Warning };

/** Applies, rejects, checks and takes back a proposal, or hunks of it. */
export function useProposal(proposal: Proposal) {
  const client = useQueryClient();
  const [question, setQuestion] = useState<Question>();

  const show = (next: Proposal) => client.setQueryData(keys.proposal(next.id), next);
  const settle = (next: Proposal) => {
    setQuestion(undefined);
    keepDecisions(next.id, new Map());
    show(next);
    void client.invalidateQueries({ queryKey: keys.proposals(next.workspaceId) });
    void client.invalidateQueries({ queryKey: keys.files(next.workspaceId) });
    void client.invalidateQueries({ queryKey: ["file"] });
  };
  const take = useMutation({
    mutationFn: (step: Step) => sendStep(proposal.id, step),
    onSuccess: (next, step) => {
      settle(next);
      if (step.way === "undo") toast.success("The changes were taken back");
      else toast.success(appliedWords(next), { label: "Undo", run: () => undo(step.hunks) });
    },
    onError: (error, step) => {
      const asked = questionOf(error, step);
      setQuestion(asked);
      if (!asked) toast.error(error);
      void client.invalidateQueries({ queryKey: keys.proposal(proposal.id) });
    },
  });
  const begin = (way: Step["way"], hunks?: readonly string[]) =>
    take.mutate({ way, transactionId: newId(), ...(hunks ? { hunks } : {}) });
  const undo = (hunks?: readonly string[]) => begin("undo", hunks);
  const reject = useMutation({
    mutationFn: () => rejectProposal(proposal.id),
    onSuccess: (next) => {
      settle(next);
      toast.success("The proposal was rejected; nothing was changed");
    },
    onError: (error) => toast.error(error),
  });
  const check = useMutation({
    mutationFn: (hunks: readonly string[]) => checkProposal(proposal.id, [...hunks]),
    onSuccess: show,
    onError: (error) => toast.error(error),
  });
  const stopCheck = useMutation({
    mutationFn: () => cancelCheck(proposal.id),
    onSuccess: show,
    onError: (error) => toast.error(error),
  });
  return {
    apply: (hunks?: readonly string[]) => begin("apply", hunks),
    undo,
    /** Takes a step again with what a person answered. */
    answer: (answered: Partial<Step>) => {
      if (question) take.mutate({ ...question.step, ...answered });
    },
    question,
    dropQuestion: () => setQuestion(undefined),
    reject: () => reject.mutate(),
    check,
    stopCheck,
    isBusy: take.isPending || reject.isPending,
  };
}

function sendStep(id: string, { way, hunks, resolutions, confirm, transactionId }: Step) {
  const common = {
    transactionId,
    resolutions: [...(resolutions ?? [])],
    ...(hunks ? { hunks: [...hunks] } : {}),
  };
  if (way === "undo") return undoProposal(id, common);
  return applyProposal(id, { ...common, ...(confirm ? { confirm } : {}) });
}

function appliedWords(next: Proposal): string {
  const changed = next.files.filter(({ hunks }) => hunks.some(({ state }) => state === "accepted"));
  const merged = next.files.some(({ hunks }) => hunks.some((hunk) => hunk.merged));
  const words = `Applied to ${plural(changed.length, "file")}`;
  return merged ? `${words}, merged with your edits` : words;
}

function questionOf(error: unknown, step: Step): Question | undefined {
  if (!(error instanceof ApiError)) return undefined;
  const { conflicts, warning } = error.problem;
  if (error.code === "merge_conflict" && conflicts && conflicts.length > 0) {
    return { kind: "conflicts", step, conflicts };
  }
  return error.code === "confirmation_required" && warning
    ? { kind: "warning", step, warning }
    : undefined;
}
