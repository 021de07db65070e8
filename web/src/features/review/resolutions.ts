/** A person's answers to the conflicts that stand against applying a proposal. */
import type { Conflict, Resolution } from "@/api/schema";

/** A text, and how many places in it are still to be decided. */
export interface Answer {
  readonly text: string;
  readonly open: number;
}

/** The answers so far, by path. */
export type Answers = ReadonlyMap<string, Answer>;

/** Whether a conflict can be decided place by place: it is one of lines, in a file that is there. */
export function isMerge({ pieces, versionId }: Conflict): boolean {
  return versionId != null && pieces !== undefined && pieces.length > 0;
}

/** How many places in a conflict still need a decision; nothing when it is no merge. */
export function undecidedIn(conflict: Conflict, answers: Answers): number | undefined {
  if (!isMerge(conflict)) return undefined;
  const places = conflict.pieces?.filter(({ type }) => type === "conflict").length;
  return answers.get(conflict.path)?.open ?? places;
}

/** What to send, once every conflict is settled; nothing before. */
export function resolutionsOf(
  conflicts: readonly Conflict[],
  answers: Answers,
): Resolution[] | undefined {
  const resolutions = conflicts.flatMap(({ path, versionId }) => {
    const answer = answers.get(path);
    const isSettled = versionId != null && answer?.open === 0;
    return isSettled ? [{ path, content: answer.text, versionId }] : [];
  });
  return resolutions.length === conflicts.length ? resolutions : undefined;
}
