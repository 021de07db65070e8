import { describe, expect, it } from "vitest";
import {
  type BudgetTexts,
  budgetBars,
  budgetTitle,
  questionsOf,
  readBudget,
  resetWords,
  subjectOf,
} from "./budgetWords";

const NONE: BudgetTexts = {
  scope: "user",
  isOne: false,
  workspaceId: "",
  conversationId: "",
  turnId: "",
  period: "month",
  usd: "",
  tokens: "",
};

describe("a budget in words", () => {
  it.each([
    [{ scope: "user", period: "month" } as const, "All that you ask, each month"],
    [{ scope: "turn", period: "total" } as const, "Each question with its answer"],
    [
      { scope: "conversation", period: "day", subjectId: "x" } as const,
      "One conversation, each day",
    ],
  ])("%j", (budget, title) => {
    expect(budgetTitle(budget)).toBe(title);
  });

  it("names its workspace, and says that it is gone only when that is known", () => {
    const budget = { scope: "workspace", period: "day", subjectId: "x" } as const;
    expect(budgetTitle(budget, { name: "Shop" })).toBe("The workspace Shop, each day");
    expect(budgetTitle(budget)).toBe("One workspace, each day");
    expect(budgetTitle(budget, { isGone: true })).toBe("One workspace that is gone, each day");
  });

  it("names the conversation or question that it is for", () => {
    const scoped = { scope: "turn", period: "total", subjectId: "x" } as const;
    expect(budgetTitle(scoped, { name: "Round it" })).toBe("One question: “Round it”");
    expect(budgetTitle(scoped)).toBe("One question");
  });

  it("says when it begins anew, by the clock of the person", () => {
    const words = (zone: string) =>
      resetWords("2026-12-01T00:00:00Z", Date.parse("2026-11-30T12:00:00Z"), zone);
    expect(words("Europe/Berlin")).toBe("Begins anew tomorrow at 01:00, which is midnight in UTC");
    expect(words("America/New_York")).toBe("Begins anew today at 19:00, which is midnight in UTC");
    expect(resetWords(null)).toBeUndefined();
  });

  it("counts one token as one", () => {
    const spent = { usedUsd: "0", reservedUsd: "0", usedTokens: 0, reservedTokens: 0 };
    const [bar] = budgetBars({ limitTokens: 1, spent });
    expect([bar?.used, bar?.limit]).toEqual(["0 tokens", "1 token"]);
  });
});

describe("the bars of a budget", () => {
  const spent = { usedUsd: "15", reservedUsd: "10", usedTokens: 500, reservedTokens: 0 };

  it("show what is used and reserved of each limit, and never more than all of it", () => {
    expect(budgetBars({ limitUsd: "20", limitTokens: 1000, spent })).toEqual([
      {
        unit: "usd",
        limit: "$20.00",
        used: "$15.00",
        reserved: "$10.00",
        usedPercent: 75,
        reservedPercent: 25,
      },
      {
        unit: "tokens",
        limit: "1,000 tokens",
        used: "500 tokens",
        usedPercent: 50,
        reservedPercent: 0,
      },
    ]);
  });

  it("say nothing of use where each of many is counted", () => {
    expect(budgetBars({ limitUsd: "0.5", spent: null })).toEqual([
      { unit: "usd", limit: "$0.50", usedPercent: 0, reservedPercent: 0 },
    ]);
  });

  it("are full when nothing is allowed and something was used", () => {
    expect(budgetBars({ limitUsd: "0", spent })[0]?.usedPercent).toBe(100);
  });
});

describe("a budget as it is written", () => {
  it("needs a limit, and a workspace when it is for one", () => {
    expect(readBudget(NONE)).toEqual({
      problems: { usd: "Give a limit: dollars, tokens, or both." },
    });
    expect(readBudget({ ...NONE, scope: "workspace", usd: "1" })).toEqual({
      problems: { workspaceId: "Choose a workspace." },
    });
  });

  it("is for one conversation or question, or for each", () => {
    const one = { ...NONE, scope: "turn", isOne: true, usd: "1" } as const;
    expect(readBudget(one)).toEqual({
      problems: {
        workspaceId: "Choose a workspace.",
        conversationId: "Choose a conversation.",
        turnId: "Choose a question.",
      },
    });
    const whole = { ...one, workspaceId: "w", conversationId: "c", turnId: "t" };
    expect(readBudget(whole)).toHaveProperty("limits");
    expect(subjectOf(whole)).toBe("t");
    expect(subjectOf({ ...whole, scope: "conversation" })).toBe("c");
    expect(subjectOf({ ...whole, scope: "conversation", isOne: false })).toBeUndefined();
    expect(subjectOf({ ...whole, scope: "workspace", isOne: false })).toBe("w");
    expect(subjectOf({ ...whole, scope: "user" })).toBeUndefined();
    expect(readBudget({ ...one, isOne: false })).toHaveProperty("limits");
  });

  it("shows a conversation's questions in short, the latest first", () => {
    const said = (turnId: string, role: string, content: string) => ({ turnId, role, content });
    const talk = {
      turns: [{ id: "a" }, { id: "b" }, { id: "c" }],
      messages: [
        said("a", "user", "first\nline"),
        said("a", "assistant", "x"),
        said("b", "user", "y".repeat(90)),
      ],
    };
    expect(questionsOf(talk)).toEqual([
      { id: "c", label: "A question without words" },
      { id: "b", label: `${"y".repeat(60)}…` },
      { id: "a", label: "first" },
    ]);
  });

  it.each(["-1", "1,5", "1e3", "abc", "1234567"])("refuses %j dollars", (usd) => {
    expect(readBudget({ ...NONE, usd })).toHaveProperty("problems.usd");
  });

  it.each([
    [{ usd: "$ 20" }, { limitUsd: "20" }],
    [
      { usd: "0.50", tokens: "1,000 000" },
      { limitUsd: "0.50", limitTokens: 1_000_000 },
    ],
    [{ tokens: "500" }, { limitTokens: 500 }],
  ])("reads %j", (texts, limits) => {
    expect(readBudget({ ...NONE, ...texts })).toEqual({ limits });
  });
});
