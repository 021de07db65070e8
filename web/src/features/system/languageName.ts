/** Names that aren't just written with a capital. */
const NAMES: Record<string, string> = {
  javascript: "JavaScript",
  typescript: "TypeScript",
  cpp: "C++",
  php: "PHP",
};

/** The language as it is written: the server's names are in lower case. */
export function languageName(language: string): string {
  return NAMES[language] ?? language.charAt(0).toUpperCase() + language.slice(1);
}
