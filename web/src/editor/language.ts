/** Grammars, of which each is loaded when it is needed, as is the list of them. */
import type { LanguageDescription, LanguageSupport } from "@codemirror/language";

/** Loads the grammar of a file; nothing for plain text or when it can't be loaded. */
export async function loadLanguage(path: string): Promise<LanguageSupport | undefined> {
  try {
    const { languageOf } = await import("./languageList");
    return await languageOf(path)?.load();
  } catch {
    // The file is as usable without colours; the next one opened tries again.
    return undefined;
  }
}

/** Finds a language by what a Markdown fence calls it. */
export async function findLanguage(name: string): Promise<LanguageDescription | undefined> {
  const { languageNamed } = await import("./languageList");
  return languageNamed(name);
}
