import type { KeyboardEvent, RefObject } from "react";
import type { Hunk, ProposalFile } from "@/api/schema";
import { type Decision, type Decisions, hunksOf, neighbour, nextUndecided } from "./decisions";

interface Review {
  readonly root: RefObject<HTMLElement | null>;
  readonly files: readonly ProposalFile[];
  readonly decisions: Decisions;
  readonly current: string | undefined;
  onCurrent(id: string): void;
  onDecide(hunks: readonly Hunk[], decision: Decision | undefined): void;
  onApply(): void;
  /** Applies or undoes a hunk of a proposal that was decided. */
  onStep?: ((hunk: Hunk, way: "apply" | "undo") => void) | undefined;
  onWrite(id: string): void;
}

/** The review by keyboard: j and k move, y and n decide, u takes back, a applies, c comments. */
export function reviewKeys(review: Review): (event: KeyboardEvent) => void {
  return (event) => {
    const isTyping = (event.target as Element).closest("input, textarea, [contenteditable=true]");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!act(review, event.key)) return;
    event.preventDefault();
  };
}

function act(review: Review, key: string): boolean {
  const { files, decisions, current } = review;
  const hunk = hunksOf(files).find(({ id }) => id === current);
  const decide = (decision: Decision | undefined) => {
    if (!hunk) return;
    review.onDecide([hunk], decision);
    const after = new Map(decisions).set(hunk.id, decision ?? "accepted");
    if (decision) goTo(review, nextUndecided(files, after, hunk.id));
  };
  const step = (way: "apply" | "undo") => {
    if (hunk) review.onStep?.(hunk, way);
    return review.onStep !== undefined;
  };
  switch (key) {
    case "c":
      if (hunk) review.onWrite(hunk.id);
      return true;
    case "j":
      goTo(review, neighbour(files, current, 1));
      return true;
    case "k":
      goTo(review, neighbour(files, current, -1));
      return true;
    case "y":
      if (step("apply")) return true;
      decide("accepted");
      return true;
    case "n":
      decide("rejected");
      return true;
    case "u":
      if (step("undo")) return true;
      decide(undefined);
      return true;
    case "a":
      review.onApply();
      return true;
    default:
      return false;
  }
}

function goTo({ root, onCurrent }: Review, id: string | undefined): void {
  if (id === undefined) return;
  onCurrent(id);
  const hunk = root.current?.querySelector<HTMLElement>(`[data-hunk="${id}"]`);
  hunk?.focus({ preventScroll: true });
  hunk?.scrollIntoView({ block: "center" });
}
