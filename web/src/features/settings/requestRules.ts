/** What holds for a workspace's requests to models, as it is written. */
import type { RequestRules } from "@/api/schema";

export interface RequestTexts {
  readonly secrets: "replace" | "refuse";
  readonly keepDays: string;
  readonly keepMb: string;
}

export type RequestProblems = { readonly [K in "keepDays" | "keepMb"]?: string };

const MOST = { keepDays: 3_650, keepMb: 100_000 } as const;

/** The rules as texts; an empty one leaves the usual. */
export function requestTexts(rules: RequestRules | undefined): RequestTexts {
  return {
    secrets: rules?.secrets ?? "replace",
    keepDays: rules?.keepDays?.toString() ?? "",
    keepMb: rules?.keepMb?.toString() ?? "",
  };
}

/** Reads them, and says what is wrong with what was written. */
export function readRequestRules(
  texts: RequestTexts,
): { readonly rules: RequestRules } | { readonly problems: RequestProblems } {
  const problems: { -readonly [K in keyof RequestProblems]?: string } = {};
  const values: { -readonly [K in keyof RequestProblems]: number | null } = {};
  for (const key of ["keepDays", "keepMb"] as const) {
    const text = texts[key].trim();
    const value = Number(text);
    if (!/^\d*$/.test(text)) problems[key] = "Give a whole number.";
    else if (value > MOST[key]) problems[key] = `At most ${MOST[key].toLocaleString("en")}.`;
    else values[key] = text === "" ? null : value;
  }
  if (Object.keys(problems).length > 0) return { problems };
  return { rules: { secrets: texts.secrets, ...values } };
}
