/** Budgets as people read and write them. Amounts stay decimals in text. */
import { dollars, plural } from "./format";
import { moment } from "./localTime";

export type BudgetScope = "user" | "workspace" | "conversation" | "turn";
export type BudgetPeriod = "day" | "month" | "total";

export const SCOPES: readonly { readonly id: BudgetScope; readonly label: string }[] = [
  { id: "user", label: "All that I ask" },
  { id: "workspace", label: "One workspace" },
  { id: "conversation", label: "Conversations" },
  { id: "turn", label: "Questions with their answers" },
];

export const PERIODS: readonly { readonly id: BudgetPeriod; readonly label: string }[] = [
  { id: "day", label: "Each day" },
  { id: "month", label: "Each month" },
  { id: "total", label: "Once and for all" },
];

interface Scoped {
  readonly scope: BudgetScope;
  readonly period: BudgetPeriod;
  readonly subjectId?: string | null | undefined;
}

/** What is known of the one thing that a budget is for: neither, until it is. */
export interface Subject {
  readonly name?: string | undefined;
  readonly isGone?: boolean | undefined;
}

/** What a budget is for: "All that you ask, each month". */
export function budgetTitle(
  { scope, period, subjectId }: Scoped,
  { name, isGone = false }: Subject = {},
): string {
  const one = (kind: string) =>
    isGone ? `${kind} that is gone` : `${kind}${name === undefined ? "" : `: “${name}”`}`;
  const what = {
    user: "All that you ask",
    workspace: name === undefined ? one("One workspace") : `The workspace ${name}`,
    conversation: subjectId ? one("One conversation") : "Each conversation",
    turn: subjectId ? one("One question") : "Each question with its answer",
  }[scope];
  const when = { day: ", each day", month: ", each month", total: "" }[period];
  return `${what}${when}`;
}

interface Spent {
  readonly usedUsd: string;
  readonly reservedUsd: string;
  readonly usedTokens: number;
  readonly reservedTokens: number;
}

interface Limited {
  readonly limitUsd?: string | null | undefined;
  readonly limitTokens?: number | null | undefined;
  readonly spent?: Spent | null | undefined;
}

/** One limit as a bar: shares of it in percent, together at most 100. */
export interface BudgetBar {
  readonly unit: "usd" | "tokens";
  readonly limit: string;
  /** Nothing for a budget that is for each of many. */
  readonly used?: string;
  readonly reserved?: string;
  readonly usedPercent: number;
  readonly reservedPercent: number;
}

/** The bars of a budget: one for money, one for tokens, as they are limited. */
export function budgetBars({ limitUsd, limitTokens, spent }: Limited): BudgetBar[] {
  const bars: BudgetBar[] = [];
  if (limitUsd != null) {
    bars.push(
      barOf("usd", dollars, Number(limitUsd), limitUsd, spent?.usedUsd, spent?.reservedUsd),
    );
  }
  if (limitTokens != null) {
    const words = (amount: string) => plural(Number(amount), "token");
    bars.push(
      barOf(
        "tokens",
        words,
        limitTokens,
        String(limitTokens),
        spent?.usedTokens.toString(),
        spent?.reservedTokens.toString(),
      ),
    );
  }
  return bars;
}

function barOf(
  unit: "usd" | "tokens",
  words: (amount: string) => string,
  limit: number,
  limitText: string,
  used: string | undefined,
  reserved: string | undefined,
): BudgetBar {
  const share = (amount: string | undefined) =>
    limit > 0 ? (Number(amount ?? 0) / limit) * 100 : Number(amount ?? 0) > 0 ? 100 : 0;
  const usedPercent = Math.min(100, share(used));
  return {
    unit,
    limit: words(limitText),
    ...(used === undefined ? {} : { used: words(used) }),
    ...(reserved === undefined || Number(reserved) === 0 ? {} : { reserved: words(reserved) }),
    usedPercent,
    reservedPercent: Math.min(100 - usedPercent, share(reserved)),
  };
}

/**
 * "Begins anew tomorrow at 01:00, which is midnight in UTC", at the clock of
 * the person; nothing for one that never does.
 */
export function resetWords(
  resetsAt: string | null | undefined,
  now: number = Date.now(),
  timeZone?: string,
): string | undefined {
  if (!resetsAt || Number.isNaN(Date.parse(resetsAt))) return undefined;
  return `Begins anew ${moment(resetsAt, now, timeZone)}, which is midnight in UTC`;
}

interface Talk {
  readonly turns: readonly { readonly id: string }[];
  readonly messages: readonly {
    readonly turnId?: string | null | undefined;
    readonly role: string;
    readonly content: string;
  }[];
}

const QUESTION_CHARS = 60;

/** The questions of a conversation in short, the latest first. */
export function questionsOf({ turns, messages }: Talk): { id: string; label: string }[] {
  const asked = messages.filter(({ role }) => role === "user");
  return turns.toReversed().map(({ id }) => {
    const text = asked.find(({ turnId }) => turnId === id)?.content.trim() ?? "";
    const [line = ""] = text.split("\n", 1);
    const label = line.length > QUESTION_CHARS ? `${line.slice(0, QUESTION_CHARS)}…` : line;
    return { id, label: label || "A question without words" };
  });
}

/** A budget as it is written. */
export interface BudgetTexts {
  readonly scope: BudgetScope;
  /** For one conversation or question, and not for each. */
  readonly isOne: boolean;
  readonly workspaceId: string;
  readonly conversationId: string;
  readonly turnId: string;
  readonly period: BudgetPeriod;
  readonly usd: string;
  readonly tokens: string;
}

type Written = "workspaceId" | "conversationId" | "turnId" | "usd" | "tokens";
export type BudgetProblems = { readonly [K in Written]?: string };

export interface BudgetLimits {
  readonly limitUsd?: string;
  readonly limitTokens?: number;
}

/** The one thing that a budget is for; nothing for one's own, and for each. */
export function subjectOf(texts: BudgetTexts): string | undefined {
  switch (texts.scope) {
    case "user":
      return undefined;
    case "workspace":
      return texts.workspaceId;
    case "conversation":
      return texts.isOne ? texts.conversationId : undefined;
    case "turn":
      return texts.isOne ? texts.turnId : undefined;
  }
}

/** Reads the limits, and says what is wrong with what was written. */
export function readBudget(
  texts: BudgetTexts,
): { readonly limits: BudgetLimits } | { readonly problems: BudgetProblems } {
  const usd = texts.usd.trim().replace(/^\$\s*/, "");
  const tokens = texts.tokens.trim().replaceAll(/[\s,_]/g, "");
  const problems: { -readonly [K in keyof BudgetProblems]?: string } = {};
  const isOne = texts.isOne && (texts.scope === "conversation" || texts.scope === "turn");
  if ((isOne || texts.scope === "workspace") && texts.workspaceId === "") {
    problems.workspaceId = "Choose a workspace.";
  }
  if (isOne && texts.conversationId === "") problems.conversationId = "Choose a conversation.";
  if (isOne && texts.scope === "turn" && texts.turnId === "")
    problems.turnId = "Choose a question.";
  if (usd === "" && tokens === "") problems.usd = "Give a limit: dollars, tokens, or both.";
  else if (usd !== "" && !/^\d{1,6}(\.\d{1,6})?$/.test(usd)) {
    problems.usd = "Give an amount such as 20 or 0.50.";
  }
  if (tokens !== "" && !/^\d{1,12}$/.test(tokens)) {
    problems.tokens = "Give a whole number, such as 1,000,000.";
  }
  if (Object.keys(problems).length > 0) return { problems };
  return {
    limits: {
      ...(usd === "" ? {} : { limitUsd: usd }),
      ...(tokens === "" ? {} : { limitTokens: Number(tokens) }),
    },
  };
}
