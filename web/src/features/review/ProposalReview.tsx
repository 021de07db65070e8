import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useStore } from "zustand";
import type { Hunk, Proposal } from "@/api/schema";
import { Scrollable } from "@/ui/Scrollable";
import { ConfirmLoss, Losses } from "./ConfirmLoss";
import { ConflictAnswers } from "./ConflictAnswers";
import { decisionStore, decisionsOf, keepDecisions, loadDecisions } from "./decisionStore";
import {
  type Decision,
  decide,
  hunksOf,
  hunksToApply,
  isOpen as isStillOpen,
  lackingIn,
  progressOf,
  withNeeds,
} from "./decisions";
import { FileDiff } from "./FileDiff";
import type { Writing } from "./HunkBlock";
import { ProposalComments } from "./ProposalComments";
import { ProposalHead } from "./ProposalHead";
import { ReviewBar } from "./ReviewBar";
import { useProposal } from "./useProposal";
import { reviewKeys } from "./useReviewKeys";
import { VerdictPanel } from "./VerdictPanel";

/** One proposal: every file it changes, hunk by hunk, and the decision. */
export function ProposalReview({ proposal, onBack }: { proposal: Proposal; onBack: () => void }) {
  const { id, files } = proposal;
  const root = useRef<HTMLElement>(null);
  const decisions = useStore(decisionStore, (all) => decisionsOf(all, id));
  const [current, setCurrent] = useState<string>();
  const [writing, setWriting] = useState<Writing>();
  const acts = useProposal(proposal);
  const { question, dropQuestion, isBusy } = acts;
  const isOpen = isStillOpen(proposal);
  const progress = useMemo(() => progressOf(files, decisions), [files, decisions]);
  const lacking = useMemo(() => lackingIn(files, decisions), [files, decisions]);
  const numbers = useMemo(
    () => new Map(hunksOf(files).map((hunk, index) => [hunk.id, index + 1])),
    [files],
  );

  useEffect(() => loadDecisions(id), [id]);
  useEffect(() => {
    // The button that led here is gone with its panel; the keys should work at once.
    const focused = document.activeElement;
    if (focused === null || focused === document.body) root.current?.focus();
  }, []);

  const onDecide = useCallback(
    (hunks: readonly Hunk[], decision: Decision | undefined) => {
      const before = decisionsOf(decisionStore.getState(), id);
      // The same again takes it back.
      const isSame = hunks.every((hunk) => before.get(hunk.id) === decision);
      keepDecisions(id, decide(before, hunks, isSame ? undefined : decision));
    },
    [id],
  );
  const onDecideOne = useCallback(
    (hunk: Hunk, decision: Decision) => onDecide([hunk], decision),
    [onDecide],
  );
  const send = () => {
    const latest = decisionsOf(decisionStore.getState(), id);
    const hunks = hunksToApply(files, latest);
    if (hunks.length > 0 && !isBusy && isOpen) acts.apply(hunks);
  };
  const latest = useRef({ acts, files, isBusy });
  latest.current = { acts, files, isBusy };
  const onStep = useCallback((hunk: Hunk) => {
    const now = latest.current;
    if (now.isBusy) return;
    if (hunk.state === "accepted") now.acts.undo(withNeeds(now.files, hunk, "out"));
    else now.acts.apply(withNeeds(now.files, hunk, "in"));
  }, []);
  const acceptRest = () =>
    onDecide(
      hunksOf(files).filter((hunk) => !decisions.has(hunk.id)),
      "accepted",
    );
  const leaveOut = (path: string) => {
    const hunks = files.find((file) => file.path === path)?.hunks ?? [];
    if (isOpen) keepDecisions(id, decide(decisions, hunks, "rejected"));
    dropQuestion();
  };
  const chosen = isOpen
    ? hunksToApply(files, decisions)
    : hunksOf(files)
        .filter(({ state }) => state === "accepted")
        .map((hunk) => hunk.id);

  if (question?.kind === "conflicts") {
    return (
      <ConflictAnswers
        key={question.conflicts.map((conflict) => conflict.versionId).join()}
        conflicts={question.conflicts}
        isBusy={isBusy}
        onApply={(resolutions) => acts.answer({ resolutions })}
        onLeaveOut={leaveOut}
        onBack={dropQuestion}
      />
    );
  }
  const onKeyDown = reviewKeys({
    root,
    files,
    decisions,
    current,
    onCurrent: setCurrent,
    onDecide: isOpen ? onDecide : () => undefined,
    onApply: send,
    onStep: isOpen
      ? undefined
      : (hunk, way) => {
          if ((hunk.state === "accepted") === (way === "undo")) onStep(hunk);
        },
    onWrite: (hunk) => setWriting({ hunk }),
  });
  return (
    // biome-ignore lint/a11y/useSemanticElements: a group of controls that shares its keys
    <div
      ref={root as React.Ref<HTMLDivElement>}
      role="group"
      aria-label="Review of the proposal"
      tabIndex={-1}
      onKeyDown={onKeyDown}
      className="@container flex min-h-0 flex-1 flex-col outline-none"
    >
      <ProposalHead proposal={proposal} onBack={onBack} />
      <Scrollable label="Changes" className="min-h-0 flex-1 overflow-y-auto -outline-offset-2">
        <VerdictPanel
          proposal={proposal}
          chosen={chosen}
          isBusy={acts.check.isPending}
          onCheck={() => acts.check.mutate(chosen)}
          isStopping={acts.stopCheck.isPending}
          onStop={() => acts.stopCheck.mutate()}
        />
        {proposal.warning && isOpen ? (
          <div className="border-line border-b p-3">
            <Losses reasons={proposal.warning.reasons} />
          </div>
        ) : null}
        {files.map((file) => (
          <FileDiff
            key={file.path}
            file={file}
            decisions={decisions}
            numbers={numbers}
            lacking={lacking}
            current={current}
            isOpen={isOpen}
            isBusy={isBusy}
            proposalId={id}
            writing={writing}
            onStep={onStep}
            onWrite={setWriting}
            onDecide={onDecide}
            onDecideOne={onDecideOne}
            onCurrent={setCurrent}
          />
        ))}
        <ProposalComments proposalId={id} />
      </Scrollable>
      <ReviewBar
        proposal={proposal}
        progress={progress}
        isBusy={isBusy}
        onAcceptAll={acceptRest}
        onApply={send}
        onReject={acts.reject}
        onUndo={() => acts.undo()}
        onApplyRest={() => acts.apply()}
      />
      {question?.kind === "warning" ? (
        <ConfirmLoss
          warning={question.warning}
          isBusy={isBusy}
          onConfirm={(confirm) => acts.answer({ confirm })}
          onCancel={dropQuestion}
        />
      ) : null}
    </div>
  );
}
