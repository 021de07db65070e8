/** The form of a model's prices. */
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

export type PriceKey = (typeof PRICE_FIELDS)[number]["key"];
export type PriceTexts = Readonly<Record<PriceKey, string>>;
export type PriceProblems = { readonly [K in PriceKey]?: string };

interface Known {
  readonly inputUsdPerMillion?: string | null | undefined;
  readonly outputUsdPerMillion?: string | null | undefined;
  readonly cachedInputUsdPerMillion?: string | null | undefined;
  readonly cacheWriteUsdPerMillion?: string | null | undefined;
}

/** The fields for what is known. */
export function pricesOf(known: Known): PriceTexts {
  return {
    input: known.inputUsdPerMillion ?? "",
    output: known.outputUsdPerMillion ?? "",
    cached: known.cachedInputUsdPerMillion ?? "",
    cacheWrite: known.cacheWriteUsdPerMillion ?? "",
  };
}

/** The fields of somebody who says nothing. */
export function emptyPrices(): PriceTexts {
  return pricesOf({});
}

/** What must change before the prices can be kept: they come in pairs. */
export function priceProblems(texts: PriceTexts): PriceProblems {
  const problems: { [K in PriceKey]?: string } = {};
  for (const { key, isNeeded } of PRICE_FIELDS) {
    const problem = priceProblem(texts[key]);
    if (problem) problems[key] = problem;
    else if (isNeeded && texts[key].trim() === "") {
      problems[key] = "Give a price; 0 when it costs nothing.";
    }
  }
  return problems;
}

/** The request that keeps them. */
export function factsOf(texts: PriceTexts) {
  const value = (key: PriceKey) => texts[key].trim() || null;
  return {
    inputUsdPerMillion: value("input"),
    outputUsdPerMillion: value("output"),
    cachedInputUsdPerMillion: value("cached"),
    cacheWriteUsdPerMillion: value("cacheWrite"),
  };
}
