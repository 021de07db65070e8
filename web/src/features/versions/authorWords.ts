import type { AuthorKind } from "@/api/schema";
import type { Tone } from "@/ui/Badge";

const WORDS: Record<AuthorKind, { label: string; tone: Tone }> = {
  user: { label: "You", tone: "neutral" },
  assistant: { label: "Assistant", tone: "accent" },
  run: { label: "Run", tone: "warning" },
  git: { label: "Git", tone: "neutral" },
  import: { label: "Import", tone: "neutral" },
};

/** Who made a version, in a word. */
export function authorWords(author: AuthorKind): { label: string; tone: Tone } {
  return WORDS[author] ?? { label: author, tone: "neutral" };
}
