/** Limits as people write them, in units of their own, and as the server keeps them. */

const KIB = 1024;
const MIB = 1024 * KIB;

export interface Limit {
  readonly key: "timeoutMs" | "memoryBytes" | "cpuPercent" | "pids" | "outputBytes" | "diskBytes";
  readonly label: string;
  /** What the number counts, as it stands behind it. */
  readonly unit: string;
  /** How much of what the server counts is one of the unit. */
  readonly size: number;
  /** What happens at the limit. */
  readonly meaning: string;
}

export type LimitKey = Limit["key"];

/** The limits that are set; others are what stands above. */
export type LimitValues = { readonly [K in LimitKey]?: number | null | undefined };

/** What is written in each field; an empty one sets nothing. */
export type LimitTexts = { readonly [K in LimitKey]?: string };

export const LIMITS: readonly Limit[] = [
  {
    key: "timeoutMs",
    label: "Time",
    unit: "seconds",
    size: 1000,
    meaning: "A run is stopped after it.",
  },
  {
    key: "memoryBytes",
    label: "Memory",
    unit: "MiB",
    size: MIB,
    meaning: "What a run may hold at once.",
  },
  {
    key: "cpuPercent",
    label: "Processor",
    unit: "%",
    size: 1,
    meaning: "100 % is one whole processor.",
  },
  {
    key: "pids",
    label: "Processes",
    unit: "at once",
    size: 1,
    meaning: "Threads count too.",
  },
  {
    key: "outputBytes",
    label: "Output",
    unit: "KiB",
    size: KIB,
    meaning: "What a run may print.",
  },
  {
    key: "diskBytes",
    label: "Disk",
    unit: "MiB",
    size: MIB,
    meaning: "What the workspace may grow to.",
  },
];

/** A limit's value in its unit, without needless digits: "1.5". */
export function shownLimit(limit: Limit, value: number | null | undefined): string {
  return value == null ? "" : String(Number((value / limit.size).toFixed(2)));
}

/**
 * The largest limits that may be set: what the server allows by itself, save
 * for the time, which may be longer when it is asked for.
 */
export function mostFor(server: {
  readonly limits?: LimitValues | undefined;
  readonly longestTimeoutMs?: number | undefined;
}): LimitValues {
  return { ...server.limits, timeoutMs: server.longestTimeoutMs };
}

export type LimitsInput =
  | { readonly values: LimitValues }
  | { readonly problems: { readonly [K in LimitKey]?: string } };

/** Reads the fields. `most` is the server's largest for each, where it has one. */
export function parseLimits(texts: LimitTexts, most: LimitValues): LimitsInput {
  const values: { [K in LimitKey]?: number } = {};
  const problems: { [K in LimitKey]?: string } = {};
  for (const limit of LIMITS) {
    const text = texts[limit.key]?.trim() ?? "";
    if (text === "") continue;
    const value = Math.round(Number(text) * limit.size);
    const problem = /^\d+(\.\d+)?$/.test(text)
      ? rangeProblem(limit, value, most[limit.key])
      : "Write a number, such as 30.";
    if (problem) problems[limit.key] = problem;
    else values[limit.key] = value;
  }
  return Object.keys(problems).length > 0 ? { problems } : { values };
}

function rangeProblem(
  limit: Limit,
  value: number,
  most: number | null | undefined,
): string | undefined {
  if (value <= 0) return "It must be more than nothing.";
  if (most != null && value > most) {
    return `This server allows at most ${shownLimit(limit, most)} ${limit.unit}.`;
  }
  return undefined;
}

/** The fields for values that are set. */
export function textsOf(values: LimitValues = {}): LimitTexts {
  const texts = LIMITS.map((limit) => [limit.key, shownLimit(limit, values[limit.key])] as const);
  return Object.fromEntries(texts.filter(([, text]) => text !== ""));
}
