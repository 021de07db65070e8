/** What a hunk is, how it was placed and what became of it, in words. */
import type { Hunk } from "@/api/schema";

/** Its number and what it does. */
export function titleOf(hunk: Hunk, number: number): string {
  return `${number}. ${deedOf(hunk)}`;
}

function deedOf({ kind, oldStart, oldLines }: Hunk): string {
  switch (kind) {
    case "create":
      return "New file";
    case "delete":
      return "Delete the file";
    case "rename":
      return "Rename the file";
    case "copy":
      return "Copy the file";
    case "mode":
      return "Change the mode";
    case "binary":
      return "Replace the content";
    case "text": {
      const first = oldStart + 1;
      if (oldLines === 0) return oldStart === 0 ? "At the start" : `After line ${oldStart}`;
      const last = oldStart + oldLines;
      return first === last ? `Line ${first}` : `Lines ${first}–${last}`;
    }
  }
}

/** By what allowance its place was found; nothing when it was there exactly. */
export function labelOf({ label }: Hunk): string | undefined {
  if (label === "exact" || label === "") return undefined;
  return label === "merged with your edits" ? label : `matched with: ${label}`;
}

/** What became of it. */
export function stateWords({ state }: Hunk): string {
  if (state === "accepted") return "Applied";
  return state === "undone" ? "Taken back" : "Left out";
}
