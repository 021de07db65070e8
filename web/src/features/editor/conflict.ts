/** What a person can choose when a file changed under their hands. */
import type { AuthorKind, StaleFile } from "@/api/schema";
import { conflictsIn } from "@/editor/conflictMarkers";

/** The three texts to choose from. */
export interface Choices {
  readonly mine: string;
  /** Nothing when the file was deleted or is no text any more. */
  readonly theirs: string | undefined;
  /** Both together, perhaps with conflict markers; nothing when there is no merge. */
  readonly merged: string | undefined;
}

/** The texts to choose from, of a refused save. */
export function choicesOf(mine: string, stale: StaleFile): Choices {
  const theirs = stale.content ?? undefined;
  return { mine, theirs, merged: theirs === undefined ? undefined : (stale.merged ?? undefined) };
}

/** How many places in a merge still need a decision. */
export function undecidedIn(merged: string): number {
  return conflictsIn(merged).length;
}

/** "by you", "by the assistant": who made the version that is in the way. */
export function byWhom(author: AuthorKind | undefined): string {
  switch (author) {
    case "user":
      return "by a person, perhaps you in another tab,";
    case "assistant":
      return "by the assistant";
    case "run":
      return "by a run";
    case "git":
      return "by git";
    case "import":
      return "by an import";
    case undefined:
      return "elsewhere";
  }
}
