/**
 * What a reviewer has decided about the hunks of a proposal. Nothing is sent
 * before "apply"; a hunk that was never touched counts as accepted, and the
 * page says how many those are.
 */
import type { Hunk, Proposal, ProposalFile } from "@/api/schema";

export type Decision = "accepted" | "rejected";

/** The decisions so far, by hunk id. A hunk that isn't in it is undecided. */
export type Decisions = ReadonlyMap<string, Decision>;

export interface Progress {
  readonly total: number;
  readonly undecided: number;
  readonly accepted: number;
  readonly rejected: number;
  /** Hunks that can't be applied, because they need a rejected one. */
  readonly lacking: number;
}

type WithHunks = Pick<ProposalFile, "hunks">;

/** All hunks of some files, in the order shown. */
export function hunksOf(files: readonly WithHunks[]): Hunk[] {
  return files.flatMap((file) => file.hunks);
}

/** How far the review is. */
export function progressOf(files: readonly WithHunks[], decisions: Decisions): Progress {
  const hunks = hunksOf(files);
  const count = (decision: Decision) =>
    hunks.filter((hunk) => decisions.get(hunk.id) === decision).length;
  const accepted = count("accepted");
  const rejected = count("rejected");
  const undecided = hunks.length - accepted - rejected;
  const lacking = lackingIn(files, decisions).size;
  return { total: hunks.length, undecided, accepted, rejected, lacking };
}

/** Decides about hunks; the same decision again takes it back when there is one hunk. */
export function decide(
  decisions: Decisions,
  hunks: readonly Pick<Hunk, "id">[],
  decision: Decision | undefined,
): Decisions {
  const next = new Map(decisions);
  for (const { id } of hunks) {
    if (decision === undefined) next.delete(id);
    else next.set(id, decision);
  }
  return next;
}

/** The hunks that "apply" sends: all that were not rejected and lack nothing. */
export function hunksToApply(files: readonly WithHunks[], decisions: Decisions): string[] {
  const lacking = lackingIn(files, decisions);
  return hunksOf(files)
    .map((hunk) => hunk.id)
    .filter((id) => decisions.get(id) !== "rejected" && !lacking.has(id));
}

/** The hunks that were not rejected but need one that was, or that lacks one itself. */
export function lackingIn(files: readonly WithHunks[], decisions: Decisions): Set<string> {
  const hunks = hunksOf(files);
  const isOut = (id: string, lacking: Set<string>) =>
    decisions.get(id) === "rejected" || lacking.has(id);
  const lacking = new Set<string>();
  for (let size = -1; size !== lacking.size; ) {
    size = lacking.size;
    for (const { id, needs } of hunks) {
      if (decisions.get(id) !== "rejected" && needs.some((other) => isOut(other, lacking))) {
        lacking.add(id);
      }
    }
  }
  return lacking;
}

/** A hunk with all that must go in with it, or out with it. */
export function withNeeds(
  files: readonly WithHunks[],
  hunk: Pick<Hunk, "id">,
  way: "in" | "out",
): string[] {
  const hunks = hunksOf(files);
  const found = new Set([hunk.id]);
  for (let size = 0; size !== found.size; ) {
    size = found.size;
    for (const { id, needs } of hunks) {
      if (way === "in" && found.has(id)) for (const other of needs) found.add(other);
      if (way === "out" && needs.some((other) => found.has(other))) found.add(id);
    }
  }
  const isWanted = ({ id, state }: Hunk) =>
    found.has(id) && (state === "accepted") === (way === "out");
  return hunks.filter(isWanted).map(({ id }) => id);
}

/** How a whole file stands. */
export function decisionOf(file: WithHunks, decisions: Decisions): Decision | "mixed" | undefined {
  const found = new Set(file.hunks.map((hunk) => decisions.get(hunk.id)));
  if (found.size > 1) return "mixed";
  return found.values().next().value;
}

/** The hunk before or after `current`; from nothing, the first or last. */
export function neighbour(
  files: readonly WithHunks[],
  current: string | undefined,
  step: 1 | -1,
): string | undefined {
  const ids = hunksOf(files).map((hunk) => hunk.id);
  const at = current === undefined ? -1 : ids.indexOf(current);
  if (at < 0) return step === 1 ? ids[0] : ids.at(-1);
  return ids[at + step] ?? current;
}

/** The next hunk nobody has decided about, looking on from `current` and around. */
export function nextUndecided(
  files: readonly WithHunks[],
  decisions: Decisions,
  current: string | undefined,
): string | undefined {
  const ids = hunksOf(files).map((hunk) => hunk.id);
  const at = current === undefined ? -1 : ids.indexOf(current);
  const round = [...ids.slice(at + 1), ...ids.slice(0, at + 1)];
  return round.find((id) => !decisions.has(id));
}

/** Lines a file's hunks add and remove. */
export function linesOf(file: ProposalFile): { added: number; removed: number } {
  const count = (text: string | null | undefined) =>
    text == null || text === "" ? 0 : text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
  if (file.change === "create") return { added: count(file.after), removed: 0 };
  if (file.change === "delete") return { added: 0, removed: count(file.before) };
  return file.hunks.reduce(
    (sum, hunk) => ({ added: sum.added + hunk.newLines, removed: sum.removed + hunk.oldLines }),
    { added: 0, removed: 0 },
  );
}

/** True while decisions can still be made. */
export function isOpen(proposal: Pick<Proposal, "state">): boolean {
  return proposal.state === "open";
}
