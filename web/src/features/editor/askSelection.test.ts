import { describe, expect, it, vi } from "vitest";
import type { DocumentInfo, Documents } from "@/editor/documents";
import type { LineRange } from "@/lib/selection";
import { createWorkspaceStore } from "@/lib/workspaceStore";
import { toast } from "@/ui/Toast";
import { takeSelection } from "./askSelection";

const lines = { first: 2, last: 3 };
const info = { path: "a.py", versionId: "v2", isDirty: false };

/** A document as it is once the save has ended. */
function documentsAfter(
  isSaved: boolean,
  shown: Partial<DocumentInfo> | undefined,
  selected: LineRange | undefined,
): Documents {
  const fake: Pick<Documents, "ensureSaved" | "info" | "selectedLines"> = {
    ensureSaved: async () => isSaved,
    info: () => shown as DocumentInfo | undefined,
    selectedLines: () => selected,
  };
  return fake as Documents;
}

describe("takeSelection", () => {
  it.each([
    ["taken as saved", true, info, lines, true, []],
    ["not saved", false, { ...info, isDirty: true }, lines, false, []],
    ["closed meanwhile", true, undefined, undefined, false, []],
    [
      "typed meanwhile",
      true,
      { ...info, isDirty: true },
      lines,
      false,
      ["a.py changed while it was saved. Ask about the selection again"],
    ],
    ["nothing selected", true, info, undefined, false, ["Nothing is selected in a.py any more"]],
  ])("%s", async (_, isSaved, shown, selected, isTaken, said) => {
    const told = vi.spyOn(toast, "info").mockImplementation(() => undefined);
    const store = createWorkspaceStore();
    const documents = documentsAfter(isSaved, shown, selected);
    expect(await takeSelection(documents, store, "f")).toBe(isTaken);
    const expected = isTaken ? [{ path: "a.py", versionId: "v2", lines }] : [];
    expect(store.getState().selections).toEqual(expected);
    expect(told.mock.calls.map(([text]) => text)).toEqual(said);
  });
});
