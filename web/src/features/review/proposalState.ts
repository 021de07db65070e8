import type { ProposalState } from "@/api/schema";
import type { Tone } from "@/ui/Badge";

const STATES: Record<ProposalState, { label: string; tone: Tone }> = {
  open: { label: "Waits for you", tone: "accent" },
  superseded: { label: "Superseded", tone: "neutral" },
  partly_applied: { label: "Partly applied", tone: "success" },
  applied: { label: "Applied", tone: "success" },
  rejected: { label: "Rejected", tone: "neutral" },
  undone: { label: "Undone", tone: "neutral" },
};

/** The words for how far a proposal is. */
export function stateOf(state: ProposalState): { label: string; tone: Tone } {
  return STATES[state] ?? { label: state, tone: "neutral" };
}
