import type { Terminal } from "@/api/schema";

/** How a terminal's program ended, in a sentence. */
export function endWords({
  exitCode,
  signal,
  reason,
}: Pick<Terminal, "exitCode" | "signal" | "reason">): string {
  if (reason) return /[.!?]$/.test(reason) ? reason : `${reason}.`;
  if (signal != null) return `The program was ended by signal ${signal}.`;
  if (exitCode != null) return `The program ended with exit status ${exitCode}.`;
  return "The program has ended.";
}
