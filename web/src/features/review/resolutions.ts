/** A person's answers to the conflicts that stand against applying a proposal. */
import type { Conflict, Resolution } from "@/api/schema";
import { conflictsIn } from "@/editor/conflictMarkers";

/** The texts decided on so far, by path. */
export type Answers = ReadonlyMap<string, string>;

/** The answers to begin with: each merge as the server made it. */
export function firstAnswers(conflicts: readonly Conflict[]): Answers {
  return new Map(
    conflicts.flatMap(({ path, merged }) => (merged == null ? [] : [[path, merged] as const])),
  );
}

/** How many places in a conflict still need a decision; nothing when it has no merge. */
export function undecidedIn(conflict: Conflict, answers: Answers): number | undefined {
  const answer = answers.get(conflict.path);
  return answer === undefined ? undefined : conflictsIn(answer).length;
}

/** What to send, once every conflict is settled; nothing before. */
export function resolutionsOf(
  conflicts: readonly Conflict[],
  answers: Answers,
): Resolution[] | undefined {
  const resolutions = conflicts.flatMap(({ path, versionId }) => {
    const content = answers.get(path);
    return content === undefined || versionId == null ? [] : [{ path, content, versionId }];
  });
  const isSettled =
    resolutions.length === conflicts.length &&
    resolutions.every(({ content }) => conflictsIn(content).length === 0);
  return isSettled ? resolutions : undefined;
}
