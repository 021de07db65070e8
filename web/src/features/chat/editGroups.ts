import type { AnswerPart, EditChange } from "./answer";

/** Edits of one file that follow each other, as one. */
export interface EditGroup {
  readonly kind: "edits";
  readonly path: string | undefined;
  readonly change: EditChange;
  readonly added: number;
  readonly removed: number;
  readonly isComplete: boolean;
  readonly raw: string;
}

type Prose = Extract<AnswerPart, { kind: "prose" }>;

/** Joins edits of the same file, so that ten small ones don't fill the page. */
export function groupEdits(parts: readonly AnswerPart[]): (Prose | EditGroup)[] {
  const groups: (Prose | EditGroup)[] = [];
  for (const part of parts) {
    const last = groups.at(-1);
    if (part.kind === "prose") {
      groups.push(part);
    } else if (last?.kind === "edits" && last.path === part.path) {
      groups[groups.length - 1] = {
        ...last,
        added: last.added + part.added,
        removed: last.removed + part.removed,
        isComplete: part.isComplete,
        raw: `${last.raw}\n\n${part.raw}`,
      };
    } else {
      groups.push({ ...part, kind: "edits" });
    }
  }
  return groups;
}
