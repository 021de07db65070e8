/** The rules of reviews as a person writes them, and as they are kept. */
import type { CheckCommand, UpdateSettings, WorkspaceSettings } from "@/api/schema";

/** A check as it is edited: its command is a line for the shell. */
export interface CheckText {
  readonly id: number;
  readonly name: string;
  readonly line: string;
}

export interface RuleTexts {
  /** One glob a line. */
  readonly lockedPaths: string;
  readonly checks: readonly CheckText[];
  readonly deletedFiles: string;
  readonly lostPercent: string;
  readonly totalLines: string;
}

const SHELL = ["sh", "-c"];

/** The settings as texts. */
export function textsOf(settings: WorkspaceSettings | undefined): RuleTexts {
  const limits = settings?.destructive;
  return {
    lockedPaths: (settings?.lockedPaths ?? []).join("\n"),
    checks: (settings?.checks ?? []).map(({ name, argv }, id) => ({
      id,
      name,
      line: lineOf(argv),
    })),
    deletedFiles: limits?.deletedFiles?.toString() ?? "",
    lostPercent: limits?.lostPercent?.toString() ?? "",
    totalLines: limits?.totalLines?.toString() ?? "",
  };
}

/** The settings that texts say; empty fields leave the usual. */
export function settingsOf(texts: RuleTexts): UpdateSettings {
  return {
    lockedPaths: texts.lockedPaths
      .split("\n")
      .map((glob) => glob.trim())
      .filter((glob) => glob !== ""),
    checks: texts.checks
      .filter(({ name, line }) => name.trim() !== "" || line.trim() !== "")
      .map(({ name, line }): CheckCommand => {
        const command = line.trim();
        return { name: name.trim() || command, argv: [...SHELL, command] };
      }),
    destructive: {
      deletedFiles: numberOf(texts.deletedFiles),
      lostPercent: numberOf(texts.lostPercent),
      totalLines: numberOf(texts.totalLines),
    },
  };
}

/** A command as a line: the shell's own, or words quoted where they need it. */
function lineOf(argv: readonly string[]): string {
  const [shell, flag, line] = argv;
  if (argv.length === 3 && shell === SHELL[0] && flag === SHELL[1]) return line ?? "";
  const quoted = (word: string) =>
    /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
  return argv.map(quoted).join(" ");
}

function numberOf(text: string): number | null {
  const value = Number(text.trim());
  return text.trim() !== "" && Number.isInteger(value) && value >= 0 ? value : null;
}
