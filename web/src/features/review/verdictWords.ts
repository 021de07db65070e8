/** What a verdict says, in words, and whether it is about what would be applied. */
import type { Verdict } from "@/api/schema";
import type { Tone } from "@/ui/Badge";

export interface VerdictWords {
  readonly label: string;
  readonly detail?: string;
  readonly tone: Tone;
}

/** A verdict on other hunks or another tree says nothing of what is chosen now. */
export function verdictWords(
  verdict: Verdict | null | undefined,
  chosen: readonly string[],
): VerdictWords {
  if (!verdict) return { label: "Not checked", tone: "neutral" };
  if (verdict.state === "running") return { label: "Checking", tone: "accent" };
  if (verdict.state === "cancelled") {
    return { label: "Cancelled", detail: "The checks were stopped.", tone: "neutral" };
  }
  if (verdict.state === "interrupted") {
    return {
      label: "Not checked",
      detail: verdict.reason ?? "The checks were cut off.",
      tone: "warning",
    };
  }
  const word = verdict.state === "passed" ? "passed" : "failed";
  if (verdict.stale) {
    return {
      label: "Stale",
      detail: `The checks ${word}, but the files have changed since.`,
      tone: "warning",
    };
  }
  const isSame =
    verdict.hunks.length === chosen.length && verdict.hunks.every((id) => chosen.includes(id));
  if (!isSame) {
    return {
      label: "Not checked",
      detail: `The checks ${word} with other changes chosen.`,
      tone: "warning",
    };
  }
  return verdict.state === "passed"
    ? { label: "Checks pass", tone: "success" }
    : { label: "Checks fail", tone: "danger" };
}
