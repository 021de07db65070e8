import { describe, expect, it } from "vitest";
import type { AnswerPart } from "./answer";
import { groupEdits } from "./editGroups";

const edit = (path: string, added: number, isComplete = true): AnswerPart => ({
  kind: "edit",
  path,
  change: "modify",
  added,
  removed: 1,
  isComplete,
  raw: `${path}+${added}`,
});
const prose: AnswerPart = { kind: "prose", text: "and" };

describe("groupEdits", () => {
  it("joins edits of one file that follow each other, and no others", () => {
    const groups = groupEdits([edit("a", 1), edit("a", 2), edit("b", 3), prose, edit("b", 4)]);
    expect(groups).toMatchObject([
      { kind: "edits", path: "a", added: 3, removed: 2, raw: "a+1\n\na+2" },
      { kind: "edits", path: "b", added: 3 },
      { kind: "prose" },
      { kind: "edits", path: "b", added: 4 },
    ]);
  });

  it("is complete when the last edit is", () => {
    expect(groupEdits([edit("a", 1), edit("a", 2, false)])).toMatchObject([{ isComplete: false }]);
  });
});
