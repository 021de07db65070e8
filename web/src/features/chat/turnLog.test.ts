import { describe, expect, it } from "vitest";
import type { LiveTurnEvent } from "@/api/events";
import { addDecimals, NEW_TURN, phaseOf, type TurnLog, withEvent } from "./turnLog";

type Bare<E> = E extends unknown ? Omit<E, "seq" | "at"> : never;

const fold = (events: readonly Bare<LiveTurnEvent>[], from: TurnLog = NEW_TURN) =>
  events.reduce(
    (log, event, index) =>
      withEvent(log, { ...event, seq: from.seq + index + 1, at: "" } as LiveTurnEvent),
    from,
  );

const started = { type: "started", turnId: "t", conversationId: "c", model: "m" } as const;
const context = { type: "context" as const, modelCallId: "k", bytes: 10, files: [] as never[] };
const usage = (costUsd: string | null) =>
  ({
    type: "usage",
    usage: { inputTokens: 10, cachedInputTokens: 1, outputTokens: 5, costUsd, measured: true },
  }) as const;

describe("withEvent", () => {
  it("joins text that follows text and keeps the order of all else", () => {
    const log = fold([
      started,
      context,
      { type: "reasoning", text: "hm" },
      { type: "text", text: "Hel" },
      { type: "text", text: "lo" },
      { type: "proposal", proposalId: "p", files: 1, added: 2, removed: 3 },
      { type: "text", text: "More" },
    ]);
    expect(log.blocks.map((block) => ("text" in block ? block.text : block.kind))).toEqual([
      "context",
      "hm",
      "Hello",
      "proposal",
      "More",
    ]);
    expect(log).toMatchObject({ turnId: "t", conversationId: "c", model: "m", state: "running" });
  });

  it("shows what is written until it is a proposal, apart from the text", () => {
    const shown = {
      type: "editPreview" as const,
      kind: "text" as const,
      removed: ["a"],
      added: ["b"],
      cut: false,
    };
    const text = { type: "text", text: "x" } as const;
    const log = fold([started, text, { ...shown, path: "a.ts" }, text, { ...shown, path: null }]);
    expect(log.blocks).toEqual([{ kind: "text", text: "xx" }]);
    expect(log.previews.map(({ path, added }) => [path, added])).toEqual([
      ["a.ts", ["b"]],
      [undefined, ["b"]],
    ]);
    const proposal = { type: "proposal", proposalId: "p", files: 1, added: 1, removed: 1 } as const;
    expect(fold([proposal], log).previews).toEqual([]);
  });

  it("drops what was said when another model takes over, and says which", () => {
    const switched = {
      type: "switched" as const,
      modelCallId: "k2",
      from: "m",
      to: "n",
      local: true,
      reason: "It was busy.",
    };
    const log = fold([
      started,
      context,
      { type: "text", text: "half an ans" },
      switched,
      { type: "text", text: "whole" },
    ]);
    expect(log.model).toBe("n");
    expect(log.blocks.map((block) => ("text" in block ? block.text : block.kind))).toEqual([
      "context",
      "switched",
      "whole",
    ]);
    expect(log.blocks[1]).toMatchObject({ from: "m", to: "n", isLocal: true });
  });

  it("keeps which model is asked and why, where the server says it", () => {
    const asked = { model: "n", provider: "Here", local: true, reason: "You are offline." };
    expect(fold([started, { ...context, ...asked }]).blocks[0]).toMatchObject({
      asked: { model: "n", provider: "Here", isLocal: true, reason: "You are offline." },
    });
    expect(fold([started, context]).blocks[0]).toMatchObject({ asked: undefined });
  });

  it("takes each event once, also when a stream repeats some", () => {
    const log = fold([started, { type: "text", text: "a" }]);
    const again = withEvent(log, { type: "text", text: "a", seq: 2, at: "" });
    expect(again).toBe(log);
  });

  it("adds up usage, exactly, and knows no cost when one part has none", () => {
    expect(fold([usage("0.1"), usage("0.2")]).usage).toMatchObject({
      inputTokens: 20,
      outputTokens: 10,
      costUsd: "0.3",
    });
    expect(fold([usage("0.1"), usage(null)]).usage?.costUsd).toBeNull();
  });

  it("keeps what a failure says", () => {
    const log = fold([
      started,
      { type: "finished", state: "failed", code: "model_failed", detail: "cut", hint: "retry" },
    ]);
    expect(log.failure).toEqual({ code: "model_failed", detail: "cut", hint: "retry" });
  });

  it("keeps why an answer is not whole", () => {
    const end = { type: "finished", state: "done" } as const;
    const detail = "The model declined to answer.";
    expect(fold([started, { ...end, code: "refused", detail }]).failure?.detail).toBe(detail);
    expect(fold([started, end]).failure).toBeUndefined();
  });

  it("passes over an event of a newer server", () => {
    const log = withEvent(NEW_TURN, { type: "novelty", seq: 4, at: "" } as never);
    expect(log).toEqual({ ...NEW_TURN, seq: 4 });
  });
});

describe("phaseOf", () => {
  const text = { type: "text", text: "a" } as const;
  const end = (state: "done" | "failed" | "cancelled" | "interrupted") =>
    ({ type: "finished", state }) as const;
  it.each([
    [[started], false, "thinking"],
    [[started, context], false, "thinking"],
    [[started, context, text], false, "answering"],
    [[started, text, end("done")], false, "done"],
    [[started, text, end("done")], true, "waitingForYou"],
    [[started, end("failed")], false, "failed"],
    [[started, text, end("cancelled")], true, "stopped"],
    [[started, end("interrupted")], false, "interrupted"],
  ] as const)("of %j (undecided: %s) is %s", (events, isUndecided, phase) => {
    expect(phaseOf(fold(events), isUndecided)).toBe(phase);
  });
});

describe("addDecimals", () => {
  it.each([
    ["0.1", "0.2", "0.3"],
    ["1", "2", "3"],
    ["0.000001", "10", "10.000001"],
    ["0.99", "0.01", "1.00"],
    ["0", "0.0005", "0.0005"],
  ])("%s + %s = %s", (a, b, sum) => {
    expect(addDecimals(a, b)).toBe(sum);
  });
});
