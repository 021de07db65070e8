/** How a run ended, in plain words. */
import type { Outcome, Run } from "@/api/schema";

/** How good the news is; a badge takes its colour from it. */
export type Tone = "success" | "warning" | "danger" | "neutral";

export interface OutcomeWords {
  /** A word or two for the badge. */
  readonly label: string;
  readonly tone: Tone;
  /** One sentence for those who ask what it means. */
  readonly meaning: string;
}

const WORDS: Record<Outcome, OutcomeWords> = {
  ok: { label: "Finished", tone: "success", meaning: "The program ended without an error." },
  exit: {
    label: "Failed",
    tone: "danger",
    meaning: "The program ended and said, by its exit status, that something went wrong.",
  },
  signal: {
    label: "Killed by a signal",
    tone: "danger",
    meaning: "The program crashed or was killed from inside the sandbox.",
  },
  timeout: {
    label: "Out of time",
    tone: "warning",
    meaning: "It ran longer than a run may, so it was stopped.",
  },
  memory: {
    label: "Out of memory",
    tone: "warning",
    meaning: "It needed more memory than a run may use, so it was stopped.",
  },
  pids: {
    label: "Too many processes",
    tone: "warning",
    meaning: "It started more processes than a run may, so it was stopped.",
  },
  output: {
    label: "Too much output",
    tone: "warning",
    meaning: "It printed more than is kept, so it was stopped.",
  },
  disk: {
    label: "Disk limit",
    tone: "warning",
    meaning: "It wrote more to disk than a run may, so it was stopped.",
  },
  cancelled: { label: "Stopped", tone: "neutral", meaning: "Somebody stopped it." },
  interrupted: {
    label: "Interrupted",
    tone: "warning",
    meaning: "The server stopped while it ran. Run it again to get its whole output.",
  },
  refused: {
    label: "Not started",
    tone: "danger",
    meaning: "The run was refused before anything was executed.",
  },
};

/** The words for an outcome. One of a newer server is shown by its own name. */
export function wordsOf(outcome: Outcome): OutcomeWords {
  return WORDS[outcome] ?? { label: outcome, tone: "neutral", meaning: "" };
}

/** What is known of a run's end; both the run and its last event have it. */
export type Ending = Pick<Run, "exitCode" | "signal">;

/** The exit status or signal, when there is one to tell. */
export function endingOf({ exitCode, signal }: Ending): string | undefined {
  if (signal != null) return `signal ${signal}${SIGNALS[signal] ? ` (${SIGNALS[signal]})` : ""}`;
  return exitCode == null ? undefined : `exit ${exitCode}`;
}

/** Those that programs meet, by their Linux numbers. */
const SIGNALS: Record<number, string> = {
  1: "SIGHUP",
  2: "SIGINT",
  6: "SIGABRT",
  7: "SIGBUS",
  8: "SIGFPE",
  9: "SIGKILL",
  11: "SIGSEGV",
  13: "SIGPIPE",
  15: "SIGTERM",
  24: "SIGXCPU",
  25: "SIGXFSZ",
  31: "SIGSYS",
};
