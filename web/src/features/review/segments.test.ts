import { describe, expect, it } from "vitest";
import type { Hunk, ProposalFile } from "@/api/schema";
import { segmentsOf } from "./segments";

const hunk = (id: string, change: Partial<Hunk> = {}): Hunk => ({
  id,
  kind: "text",
  oldStart: 0,
  oldLines: 0,
  newStart: 0,
  newLines: 0,
  label: "exact",
  state: "open",
  merged: false,
  needs: [],
  ...change,
});
const file = (change: Partial<ProposalFile>): ProposalFile => ({
  change: "modify",
  path: "a.txt",
  before: null,
  after: null,
  binary: false,
  encoding: "utf-8",
  executable: false,
  executableBefore: false,
  hunks: [],
  ...change,
});
const lines = (count: number) => Array.from({ length: count }, (_, at) => `l${at}\n`).join("");
const drawn = (...args: Parameters<typeof segmentsOf>) =>
  segmentsOf(...args).map((segment) =>
    segment.kind === "gap"
      ? `gap ${segment.gap.count}`
      : segment.kind === "hunk"
        ? `hunk ${segment.hunk.id} ${segment.rows.length}`
        : `context ${segment.rows.length}`,
  );

describe("segmentsOf", () => {
  it("puts context and gaps around each hunk", () => {
    const before = lines(30);
    const after = before.replace("l10\n", "x\n").replace("l20\n", "y\n");
    const at = (id: string, line: number) =>
      hunk(id, { oldStart: line, oldLines: 1, newStart: line, newLines: 1 });
    const changed = file({ before, after, hunks: [at("h1", 10), at("h2", 20)] });
    expect(drawn(changed, [])).toEqual([
      "gap 7",
      "context 3",
      "hunk h1 3",
      "context 3",
      "gap 3",
      "context 3",
      "hunk h2 3",
      "context 3",
      "gap 6",
    ]);
    expect(drawn(changed, [{ from: 0, to: 7 }])[0]).toBe("context 10");
  });

  it("shows all of a new or deleted file", () => {
    const made = file({
      change: "create",
      after: "a\nb\n",
      hunks: [hunk("h", { kind: "create" })],
    });
    expect(drawn(made, [])).toEqual(["hunk h 3"]);
    const gone = file({ change: "delete", before: "a\n", hunks: [hunk("h", { kind: "delete" })] });
    expect(drawn(gone, [])).toEqual(["hunk h 2"]);
  });

  it("shows a rename without lines, and before what else changes", () => {
    const rename = hunk("r", { kind: "rename" });
    const same = file({ change: "rename", before: "a\n", after: "a\n", hunks: [rename] });
    expect(drawn(same, [])).toEqual(["hunk r 0"]);
    const edit = hunk("h", { oldLines: 1, newLines: 1 });
    const both = file({ change: "rename", before: "a\n", after: "b\n", hunks: [rename, edit] });
    expect(drawn(both, [])).toEqual(["hunk r 0", "hunk h 3"]);
  });

  it("shows an empty new file", () => {
    const made = file({ change: "create", after: "", hunks: [hunk("h", { kind: "create" })] });
    expect(drawn(made, [])).toEqual(["hunk h 0"]);
  });
});
