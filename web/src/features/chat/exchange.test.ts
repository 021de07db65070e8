import { describe, expect, it } from "vitest";
import type { ConversationDetail, Message, Turn, TurnCall } from "@/api/schema";
import { exchangesOf, storedLog } from "./exchange";
import type { LiveTurn } from "./liveTurns";
import { NEW_TURN } from "./turnLog";

const usage = {
  inputTokens: 0,
  cachedInputTokens: 0,
  outputTokens: 0,
  costUsd: null,
  measured: true,
};
const turn = (id: string, change: Partial<Turn> = {}): Turn => ({
  id,
  workspaceId: "w",
  conversationId: "c",
  state: "done",
  model: "m",
  usage,
  proposalIds: [],
  modelCallIds: [],
  calls: [],
  attached: [],
  selections: [],
  withheld: [],
  createdAt: "",
  ...change,
});
const call = (id: string, change: Partial<TurnCall> = {}): TurnCall => ({
  id,
  provider: "P",
  model: `model-${id}`,
  local: false,
  reason: "You chose it.",
  ...change,
});
const message = (turnId: string, role: Message["role"], content: string): Message => ({
  id: `${turnId}-${role}`,
  turnId,
  role,
  content,
  createdAt: "",
});
const detail = (turns: Turn[], messages: Message[]): ConversationDetail => ({
  conversation: { id: "c", workspaceId: "w", title: "", createdAt: "", updatedAt: "" },
  turns,
  messages,
});
const live = (turnId: string, seq: number, text: string): LiveTurn => ({
  log: {
    ...NEW_TURN,
    seq,
    turnId,
    conversationId: "c",
    blocks: [{ kind: "text", text }],
  },
  link: "live",
  question: undefined,
  error: undefined,
});

describe("exchangesOf", () => {
  const stored = detail(
    [turn("t1"), turn("t2", { state: "running" })],
    [message("t1", "user", "q1"), message("t1", "assistant", "a1"), message("t2", "user", "q2")],
  );
  const shown = (...args: Parameters<typeof exchangesOf>) =>
    exchangesOf(...args).map(({ question, log }) => {
      const text = log?.blocks.map((block) => ("text" in block ? block.text : "")).join("");
      return `${question}: ${log ? text : "…"}`;
    });

  it("joins questions and answers by turn", () => {
    expect(shown(stored, {}, undefined, "c")).toEqual(["q1: a1", "q2: "]);
  });

  it("prefers what comes in live", () => {
    expect(shown(stored, { t2: live("t2", 3, "coming") }, undefined, "c")).toEqual([
      "q1: a1",
      "q2: coming",
    ]);
  });

  it("falls back on what was stored when nothing came in", () => {
    expect(shown(stored, { t1: live("t1", 0, "") }, undefined, "c")[0]).toBe("q1: a1");
  });

  it("shows a turn that the conversation doesn't have yet, and only there", () => {
    const turns = { t3: live("t3", 2, "new") };
    expect(shown(stored, turns, undefined, "c").at(-1)).toBe(": new");
    expect(shown(undefined, turns, undefined, "other")).toEqual([]);
    expect(shown(undefined, turns, undefined, undefined)).toEqual([]);
  });

  it("ends with the question that is being asked", () => {
    const asking = { question: "q3", selections: [], error: undefined };
    expect(shown(stored, {}, asking, "c").at(-1)).toBe("q3: …");
  });
});

describe("storedLog", () => {
  it("has the request, the answer and the proposal in the order they came", () => {
    const log = storedLog(turn("t", { calls: [call("k")], proposalIds: ["p"] }), [
      message("t", "assistant", "a"),
    ]);
    expect(log.blocks.map(({ kind }) => kind)).toEqual(["context", "text", "proposal"]);
    expect(log.usage).toBeUndefined();
  });

  it("keeps the signs: who took over from whom and why, and that it ran at home", () => {
    const calls = [
      call("a", { error: "it is busy" }),
      call("b", { replacesId: "a", local: true, reason: "It is the next that fits." }),
    ];
    const log = storedLog(turn("t", { calls }), [message("t", "assistant", "whole")]);
    expect(log.blocks.slice(0, 2)).toEqual([
      {
        kind: "context",
        modelCallId: "a",
        bytes: undefined,
        files: [],
        asked: { model: "model-a", provider: "P", isLocal: false, reason: "You chose it." },
      },
      {
        kind: "switched",
        modelCallId: "b",
        from: "model-a",
        to: "model-b",
        isLocal: true,
        reason: "it is busy",
      },
    ]);
    expect(log.model).toBe("model-b");
    const alone = storedLog(turn("t", { calls: [call("c", { local: true })] }), []);
    expect(alone.blocks[0]).toMatchObject({ asked: { isLocal: true, reason: "You chose it." } });
  });

  it("keeps which secrets went along and which were kept out", () => {
    const selections = [{ path: "a", versionId: "v", lines: { first: 1, last: 2 } }];
    const log = storedLog(turn("t", { attached: ["A"], selections, withheld: ["B"] }), []);
    expect([log.attached, log.selections, log.withheld]).toEqual([["A"], selections, ["B"]]);
  });

  it("keeps why a turn failed", () => {
    const log = storedLog(turn("t", { state: "failed", error: "no key" }), []);
    expect(log.failure?.detail).toBe("no key");
  });
});
