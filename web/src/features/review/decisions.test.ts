import { describe, expect, it } from "vitest";
import type { Hunk, ProposalFile } from "@/api/schema";
import {
  type Decisions,
  decide,
  decisionOf,
  hunksToApply,
  lackingIn,
  linesOf,
  neighbour,
  nextUndecided,
  progressOf,
  withNeeds,
} from "./decisions";

const hunk = (id: string): Hunk => ({
  id,
  kind: "text",
  oldStart: 0,
  oldLines: 1,
  newStart: 0,
  newLines: 2,
  label: "exact",
  state: "open",
  merged: false,
  needs: [],
});
const files = [{ hunks: [hunk("a"), hunk("b")] }, { hunks: [hunk("c")] }];
const none: Decisions = new Map();

describe("decisions", () => {
  it("start undecided, and undecided hunks are applied", () => {
    expect(progressOf(files, none)).toEqual({
      total: 3,
      undecided: 3,
      accepted: 0,
      rejected: 0,
      lacking: 0,
    });
    expect(hunksToApply(files, none)).toEqual(["a", "b", "c"]);
  });

  it("leave out what was rejected", () => {
    const decisions = decide(decide(none, [hunk("b")], "rejected"), [hunk("a")], "accepted");
    expect(hunksToApply(files, decisions)).toEqual(["a", "c"]);
    expect(progressOf(files, decisions)).toMatchObject({ undecided: 1, accepted: 1, rejected: 1 });
  });

  it("can be taken back", () => {
    const decisions = decide(decide(none, [hunk("b")], "rejected"), [hunk("b")], undefined);
    expect(decisions.size).toBe(0);
  });

  it("are told for a whole file", () => {
    const [first, second] = files;
    const decisions = decide(none, [hunk("a"), hunk("c")], "rejected");
    expect(first && decisionOf(first, decisions)).toBe("mixed");
    expect(second && decisionOf(second, decisions)).toBe("rejected");
    expect(first && decisionOf(first, none)).toBeUndefined();
  });
});

describe("moving between hunks", () => {
  it.each([
    [undefined, 1, "a"],
    [undefined, -1, "c"],
    ["a", 1, "b"],
    ["b", 1, "c"],
    ["c", 1, "c"],
    ["a", -1, "a"],
    ["gone", 1, "a"],
  ] as const)("from %s by %d to %s", (from, step, to) => {
    expect(neighbour(files, from, step)).toBe(to);
  });

  it("finds the next undecided one, around the end", () => {
    const decisions = decide(none, [hunk("b"), hunk("c")], "accepted");
    expect(nextUndecided(files, decisions, "b")).toBe("a");
    expect(nextUndecided(files, decide(decisions, [hunk("a")], "rejected"), "b")).toBeUndefined();
  });
});

describe("linesOf", () => {
  const file = (change: ProposalFile["change"], before: string | null, after: string | null) => ({
    change,
    before,
    after,
    path: "p",
    binary: false,
    encoding: "utf-8",
    executable: false,
    executableBefore: false,
    hunks: [hunk("a")],
  });
  it.each([
    ["create", null, "a\nb\n", { added: 2, removed: 0 }],
    ["create", null, "a\nb", { added: 2, removed: 0 }],
    ["create", null, "", { added: 0, removed: 0 }],
    ["delete", "a\n", null, { added: 0, removed: 1 }],
    ["modify", "x", "y", { added: 2, removed: 1 }],
  ] as const)("of a %s from %j to %j", (change, before, after, lines) => {
    expect(linesOf(file(change, before, after))).toEqual(lines);
  });
});

describe("hunks that need others", () => {
  const text = { ...hunk("text"), needs: ["copy"] };
  const more = { ...hunk("more"), needs: ["text"] };
  const chain = [{ hunks: [hunk("copy"), text, more, hunk("other")] }];

  it("can't be applied when one of those is rejected", () => {
    const decisions = decide(none, [hunk("copy")], "rejected");
    expect([...lackingIn(chain, decisions)]).toEqual(["text", "more"]);
    expect(hunksToApply(chain, decisions)).toEqual(["other"]);
    expect(lackingIn(chain, none).size).toBe(0);
  });

  it("take those along, and are taken out with them", () => {
    expect(withNeeds(chain, more, "in")).toEqual(["copy", "text", "more"]);
    const state = "accepted" as const;
    const applied = [
      { hunks: chain.flatMap(({ hunks }) => hunks.map((one) => ({ ...one, state }))) },
    ];
    expect(withNeeds(applied, hunk("copy"), "out")).toEqual(["copy", "text", "more"]);
    expect(withNeeds(applied, hunk("other"), "out")).toEqual(["other"]);
  });
});
