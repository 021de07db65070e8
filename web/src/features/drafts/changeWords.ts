import type { DraftChange } from "@/api/schema";

const WORDS: Record<DraftChange["kind"], string> = {
  create: "new",
  modify: "changed",
  delete: "deleted",
  mode: "permissions",
  link: "link",
  rename: "renamed",
};

/** What happened to a file, in a word. A kind of a newer server is shown by its own name. */
export function changeWord(kind: DraftChange["kind"]): string {
  return WORDS[kind] ?? kind;
}
