import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useStore } from "zustand";
import type { Hunk, Proposal, Resolution } from "@/api/schema";
import { Scrollable } from "@/ui/Scrollable";
import { ConflictAnswers } from "./ConflictAnswers";
import { decisionStore, decisionsOf, keepDecisions, loadDecisions } from "./decisionStore";
import {
  type Decision,
  decide,
  hunksOf,
  hunksToApply,
  isOpen as isStillOpen,
  progressOf,
} from "./decisions";
import { FileDiff } from "./FileDiff";
import { ProposalHead } from "./ProposalHead";
import { ReviewBar } from "./ReviewBar";
import { useProposal } from "./useProposal";
import { reviewKeys } from "./useReviewKeys";

/** One proposal: every file it changes, hunk by hunk, and the decision. */
export function ProposalReview({ proposal, onBack }: { proposal: Proposal; onBack: () => void }) {
  const { id, files } = proposal;
  const root = useRef<HTMLElement>(null);
  const decisions = useStore(decisionStore, (all) => decisionsOf(all, id));
  const [current, setCurrent] = useState<string>();
  const { apply, reject, undo, conflicts, dropConflicts, isBusy } = useProposal(proposal);
  const isOpen = isStillOpen(proposal);
  const progress = useMemo(() => progressOf(files, decisions), [files, decisions]);

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
  const send = (resolutions: Resolution[] = []) => {
    const latest = decisionsOf(decisionStore.getState(), id);
    const hunks = hunksToApply(files, latest);
    if (hunks.length > 0 && !isBusy && isOpen) apply.mutate({ hunks, resolutions });
  };
  const acceptRest = () =>
    onDecide(
      hunksOf(files).filter((hunk) => !decisions.has(hunk.id)),
      "accepted",
    );
  const leaveOut = (path: string) => {
    const hunks = files.find((file) => file.path === path)?.hunks ?? [];
    keepDecisions(id, decide(decisions, hunks, "rejected"));
    dropConflicts();
  };

  if (conflicts.length > 0) {
    return (
      <ConflictAnswers
        key={conflicts.map((conflict) => conflict.versionId).join()}
        conflicts={conflicts}
        isBusy={isBusy}
        onApply={send}
        onLeaveOut={leaveOut}
        onBack={dropConflicts}
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
    onApply: () => send(),
  });
  let number = 1;
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
        {files.map((file) => {
          const firstNumber = number;
          number += file.hunks.length;
          return (
            <FileDiff
              key={file.path}
              file={file}
              decisions={decisions}
              firstNumber={firstNumber}
              current={current}
              isOpen={isOpen}
              onDecide={onDecide}
              onDecideOne={onDecideOne}
              onCurrent={setCurrent}
            />
          );
        })}
      </Scrollable>
      <ReviewBar
        proposal={proposal}
        progress={progress}
        isBusy={isBusy}
        onAcceptAll={acceptRest}
        onApply={() => send()}
        onReject={() => reject.mutate()}
        onUndo={() => undo.mutate()}
      />
    </div>
  );
}
