/** Decisions that have not been sent, kept in this browser by proposal. */
import { createStore } from "zustand/vanilla";
import { readStored, writeStored } from "@/lib/storage";
import type { Decision, Decisions } from "./decisions";

type AllDecisions = Readonly<Record<string, Decisions>>;

export const decisionStore = createStore<AllDecisions>()(() => ({}));

const NONE: Decisions = new Map();

/** What was decided about a proposal so far. */
export function decisionsOf(all: AllDecisions, proposalId: string): Decisions {
  return all[proposalId] ?? NONE;
}

/** Brings back what was decided about a proposal in an earlier visit. */
export function loadDecisions(proposalId: string): void {
  if (decisionStore.getState()[proposalId]) return;
  decisionStore.setState({ [proposalId]: parseDecisions(readStored(keyOf(proposalId))) });
}

/** Keeps decisions; none at all forgets them. */
export function keepDecisions(proposalId: string, decisions: Decisions): void {
  decisionStore.setState({ [proposalId]: decisions });
  const entries = decisions.size > 0 ? Object.fromEntries(decisions) : undefined;
  writeStored(keyOf(proposalId), entries);
}

/** Reads what was kept, dropping what isn't a decision. */
export function parseDecisions(raw: unknown): Decisions {
  if (typeof raw !== "object" || raw === null) return NONE;
  const isDecision = (entry: [string, unknown]): entry is [string, Decision] =>
    entry[1] === "accepted" || entry[1] === "rejected";
  return new Map(Object.entries(raw).filter(isDecision));
}

function keyOf(proposalId: string): string {
  return `atelier.review.${proposalId}`;
}
