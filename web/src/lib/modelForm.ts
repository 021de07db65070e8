/** The form of what a person says of a model: its prices and its sizes. */
import { priceProblem } from "./providerForm";

export const PRICE_FIELDS = [
  { key: "input", label: "Input", isNeeded: true, hint: "What is sent." },
  { key: "output", label: "Output", isNeeded: true, hint: "What is answered." },
  {
    key: "cached",
    label: "Cached input",
    isNeeded: false,
    hint: "What the provider had cached.",
  },
  {
    key: "cacheWrite",
    label: "Written to the cache",
    isNeeded: false,
    hint: "What the provider puts there.",
  },
] as const;

export const SIZE_FIELDS = [
  { key: "context", label: "Context", unit: "tokens", hint: "The most that it reads at once." },
  { key: "answer", label: "Longest answer", unit: "tokens", hint: "The most that it writes." },
  {
    key: "parameters",
    label: "Parameters",
    unit: "billion",
    hint: "A small model is asked for whole files instead of single changes.",
  },
] as const;

export type PriceKey = (typeof PRICE_FIELDS)[number]["key"];
export type SizeKey = (typeof SIZE_FIELDS)[number]["key"];
export type FactKey = PriceKey | SizeKey;
export type FactTexts = Readonly<Record<FactKey, string>>;
export type FactProblems = { readonly [K in FactKey]?: string };

interface Known {
  readonly inputUsdPerMillion?: string | null | undefined;
  readonly outputUsdPerMillion?: string | null | undefined;
  readonly cachedInputUsdPerMillion?: string | null | undefined;
  readonly cacheWriteUsdPerMillion?: string | null | undefined;
  readonly contextTokens?: number | null | undefined;
  readonly maxOutputTokens?: number | null | undefined;
  readonly parameters?: number | null | undefined;
  readonly long?: LongPrices | null | undefined;
  readonly priceSource: string;
}

/** What a long conversation costs. The form shows it and leaves it. */
interface LongPrices {
  readonly fromTokens: number;
  readonly inputUsdPerMillion: string;
  readonly outputUsdPerMillion?: string | null | undefined;
  readonly cachedInputUsdPerMillion?: string | null | undefined;
}

const BILLION = 1_000_000_000;
/** The most that the server takes. */
const MOST_TOKENS = BILLION;
const MOST_BILLIONS = 1_000_000;

/** The fields for what is known. */
export function textsOf(known: Known): FactTexts {
  return {
    input: known.inputUsdPerMillion ?? "",
    output: known.outputUsdPerMillion ?? "",
    cached: known.cachedInputUsdPerMillion ?? "",
    cacheWrite: known.cacheWriteUsdPerMillion ?? "",
    context: known.contextTokens?.toString() ?? "",
    answer: known.maxOutputTokens?.toString() ?? "",
    parameters: known.parameters == null ? "" : String(known.parameters / BILLION),
  };
}

/** What must change before it can be kept. Prices come in pairs, or not at all. */
export function factProblems(texts: FactTexts): FactProblems {
  const problems: { [K in FactKey]?: string } = {};
  const isPriced = PRICE_FIELDS.some(({ key }) => texts[key].trim() !== "");
  for (const { key, isNeeded } of PRICE_FIELDS) {
    const problem = priceProblem(texts[key]);
    if (problem) problems[key] = problem;
    else if (isPriced && isNeeded && texts[key].trim() === "") {
      problems[key] = "Give a price; 0 when it costs nothing.";
    }
  }
  for (const { key } of SIZE_FIELDS) {
    const text = texts[key].trim();
    if (text !== "" && sizeOf(key, text) === undefined) {
      problems[key] =
        key === "parameters"
          ? "Give a number such as 1.5."
          : "Give a whole number, such as 32,768.";
    }
  }
  return problems;
}

/**
 * The request that keeps what was written: prices when there are any of the
 * person's own, and the sizes that were changed.
 */
export function factsOf(texts: FactTexts, known: Known) {
  const before = textsOf(known);
  const isSame = ({ key }: { readonly key: FactKey }) => texts[key].trim() === before[key];
  const isTheirs = known.priceSource !== "person" && PRICE_FIELDS.every(isSame);
  const price = (key: PriceKey) => (isTheirs ? null : texts[key].trim() || null);
  const size = (key: SizeKey) => sizeOf(key, texts[key].trim()) ?? null;
  const [context, answer, parameters] = SIZE_FIELDS.map(isSame);
  return {
    inputUsdPerMillion: price("input"),
    outputUsdPerMillion: price("output"),
    cachedInputUsdPerMillion: price("cached"),
    cacheWriteUsdPerMillion: price("cacheWrite"),
    ...(known.long && price("input") ? { long: known.long } : {}),
    ...(context ? {} : { contextTokens: size("context") }),
    ...(answer ? {} : { maxOutputTokens: size("answer") }),
    ...(parameters ? {} : { parameters: size("parameters") }),
  };
}

/** Says what a long conversation costs; nothing when it costs no more. */
export function longPriceWords({ long, outputUsdPerMillion }: Known): string | undefined {
  if (!long) return undefined;
  const tokens = long.fromTokens.toLocaleString("en-US");
  const output = long.outputUsdPerMillion ?? outputUsdPerMillion ?? "0";
  return `When more than ${tokens} tokens are sent, they cost $${long.inputUsdPerMillion}, and the answer $${output}. That stays.`;
}

/** The request that leaves the prices to others, and the sizes as they are. */
export const THEIR_PRICES = {
  inputUsdPerMillion: null,
  outputUsdPerMillion: null,
  cachedInputUsdPerMillion: null,
  cacheWriteUsdPerMillion: null,
} as const;

/** The size that was written; nothing when it is none. */
function sizeOf(key: SizeKey, text: string): number | undefined {
  const plain = text.replaceAll(/[\s,_]/g, "");
  if (key === "parameters") {
    const billions = /^(\d+(\.\d+)?|\.\d+)$/.test(plain) ? Number(plain) : 0;
    const size = billions > MOST_BILLIONS ? 0 : Math.round(billions * BILLION);
    return size > 0 ? size : undefined;
  }
  const size = /^\d+$/.test(plain) ? Number(plain) : 0;
  return size > 0 && size <= MOST_TOKENS ? size : undefined;
}
