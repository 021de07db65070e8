/** Which language a file is in, out of some hundred and forty. */
import { LanguageDescription } from "@codemirror/language";
import { languages } from "@codemirror/language-data";

/** Names whose ending doesn't tell, and what they hold. */
const BY_NAME: Record<string, string> = {
  ".bash_profile": "Shell",
  ".bashrc": "Shell",
  ".babelrc": "JSON",
  ".eslintrc": "JSON",
  ".prettierrc": "JSON",
  ".profile": "Shell",
  ".zshrc": "Shell",
  "cargo.lock": "TOML",
  "poetry.lock": "TOML",
  "pnpm-lock.yaml": "YAML",
  procfile: "YAML",
};

/** Finds the language of a file by its name. */
export function languageOf(path: string): LanguageDescription | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const byName = BY_NAME[name.toLowerCase()];
  const found = byName
    ? LanguageDescription.matchLanguageName(languages, byName, false)
    : LanguageDescription.matchFilename(languages, name);
  return found ?? undefined;
}

/** Finds a language by what a person or a Markdown fence calls it. */
export function languageNamed(name: string): LanguageDescription | undefined {
  return LanguageDescription.matchLanguageName(languages, name, true) ?? undefined;
}
