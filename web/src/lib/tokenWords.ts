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

/** What a program writes for the model that the defaults choose. */
export const AUTO = "auto";

/** What the models are called under /v1: with their provider where two have one name. */
export function servedNames(
  models: readonly { readonly provider: string; readonly model: string }[],
): string[] {
  if (models.length === 0) return [];
  const isShared = (name: string) => models.filter(({ model }) => model === name).length > 1;
  const names = models.map(({ provider, model }) =>
    isShared(model) ? `${provider}/${model}` : model,
  );
  return [AUTO, ...new Set(names)];
}

/** What is wrong with the models that were chosen for a token. */
export function choiceProblem(chosen: readonly string[]): string | undefined {
  if (chosen.length === 0) return "Choose at least one.";
  return chosen.length > MOST_MODELS ? `Choose at most ${MOST_MODELS}.` : undefined;
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
