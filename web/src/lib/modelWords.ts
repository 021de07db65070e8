/** What is known of a model, in words. What nobody knows is said to be unknown. */
import { count, day, dollars } from "./format";

interface Prices {
  readonly inputUsdPerMillion?: string | null | undefined;
  readonly outputUsdPerMillion?: string | null | undefined;
}

/** "$1.25 in, $10.00 out" of a million tokens. */
export function priceWords({ inputUsdPerMillion, outputUsdPerMillion }: Prices): string {
  if (inputUsdPerMillion == null && outputUsdPerMillion == null) return "unknown";
  const each = (decimal: string | null | undefined) =>
    decimal == null ? "unknown" : dollars(decimal);
  return `${each(inputUsdPerMillion)} in, ${each(outputUsdPerMillion)} out`;
}

/** Who says what a model costs. */
export type PriceSourceWord = "unknown" | "local" | "person" | "provider" | "published";

/** "published, 20 Nov 2026"; nothing where there is no price. */
export function priceSourceWords(source: PriceSourceWord, date: string | null | undefined): string {
  switch (source) {
    case "unknown":
      return "";
    case "local":
      return "your hardware";
    case "person":
      return "set by you";
    case "provider":
      return "told by the provider";
    case "published":
      return date ? `published, ${day(date) || date}` : "published";
  }
}

/** "128k tokens", "1M tokens"; "unknown" when nobody says. */
export function contextWords(tokens: number | null | undefined): string {
  if (tokens == null) return "unknown";
  if (tokens >= 1_000_000) return `${trimmed(tokens / 1_000_000)}M`;
  if (tokens >= 1_000) return `${trimmed(tokens / 1_000)}k`;
  return count(tokens);
}

/** "1.5 billion", "350 million" */
export function parameterWords(parameters: number): string {
  return parameters >= 1e9
    ? `${trimmed(parameters / 1e9)} billion`
    : `${trimmed(parameters / 1e6)} million`;
}

function trimmed(value: number): string {
  return value.toFixed(value < 10 ? 1 : 0).replace(/\.0$/, "");
}

interface Abilities {
  readonly tools?: boolean | null | undefined;
  readonly images?: boolean | null | undefined;
  readonly reasoning?: boolean | null | undefined;
  readonly fim?: boolean | null | undefined;
}

const ABILITIES: readonly (readonly [keyof Abilities, string])[] = [
  ["tools", "tools"],
  ["images", "images"],
  ["reasoning", "reasoning"],
  ["fim", "fill-in"],
];

/** What a model is known to do; nothing when nobody says anything of it. */
export function abilityWords(model: Abilities): readonly string[] | undefined {
  if (ABILITIES.every(([key]) => model[key] == null)) return undefined;
  return ABILITIES.filter(([key]) => model[key]).map(([, word]) => word);
}

const TASKS: Readonly<Record<string, string>> = {
  chat: "Chat",
  plan: "Plan",
  edit: "Edit",
  debug: "Debug",
  explain: "Explain",
  refactor: "Refactor",
  complete: "Complete",
  summarise: "Summarise",
  commit_message: "Commit message",
};

/** The name of a task; a newer server's as it is. */
export function taskWords(task: string): string {
  return TASKS[task] ?? task;
}
