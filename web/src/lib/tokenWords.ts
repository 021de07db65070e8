/** Access tokens as people make and read them. */
import { ago, day } from "./format";

/** For how long a token may be good, in days. */
export const LIVES = [
  { id: "30", label: "30 days", days: 30 },
  { id: "90", label: "90 days", days: 90 },
  { id: "365", label: "A year", days: 365 },
  { id: "never", label: "Until it is revoked", days: undefined },
] as const;

/** The most models that a token may be bound to. */
const MOST_MODELS = 50;

/** What a program is told to use a token: two settings that OpenAI's clients read. */
export function clientSettings(origin: string, secret: string): string {
  return `OPENAI_BASE_URL=${origin}/v1\nOPENAI_API_KEY=${secret}`;
}

/** The models that were written, one a line or with commas between. */
export function readModels(
  text: string,
): { readonly models: string[] | undefined } | { readonly problem: string } {
  const models = [
    ...new Set(
      text
        .split(/[\n,]/)
        .map((name) => name.trim())
        .filter((name) => name !== ""),
    ),
  ];
  if (models.length > MOST_MODELS) return { problem: `At most ${MOST_MODELS} models.` };
  return { models: models.length === 0 ? undefined : models };
}

interface Known {
  readonly expiresAt?: string | null | undefined;
  readonly lastUsedAt?: string | null | undefined;
}

/** "Last used 3 minutes ago", "Never used". */
export function lastUseWords({ lastUsedAt }: Known, now?: number): string {
  return lastUsedAt ? `Last used ${ago(lastUsedAt, now)}` : "Never used";
}

/** "Good until 3 Dec 2026", "Expired". */
export function lifeWords({ expiresAt }: Known, now: number = Date.now()): string {
  if (!expiresAt) return "Good until revoked";
  return Date.parse(expiresAt) <= now ? "Expired" : `Good until ${day(expiresAt)}`;
}
