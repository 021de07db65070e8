import { Check, X } from "lucide-react";
import { memo } from "react";
import type { Hunk } from "@/api/schema";
import type { DiffRow } from "@/editor/diffRows";
import { cx } from "@/lib/cx";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { DiffLines, noteWords } from "./DiffLines";
import type { Decision } from "./decisions";

export interface HunkBlockProps {
  hunk: Hunk;
  rows: readonly DiffRow[];
  /** Its place among all hunks of the proposal, from 1. */
  number: number;
  decision: Decision | undefined;
  isCurrent: boolean;
  /** Decisions can still be made. */
  isOpen: boolean;
  onDecide: (hunk: Hunk, decision: Decision) => void;
  onCurrent: (id: string) => void;
}

const EDGES = {
  accepted: "border-l-success",
  rejected: "border-l-danger",
  undecided: "border-l-line-strong",
};

/** One change that can be taken or left. */
export const HunkBlock = memo(function HunkBlock({
  hunk,
  rows,
  number,
  decision,
  isCurrent,
  isOpen,
  onDecide,
  onCurrent,
}: HunkBlockProps) {
  const settled = isOpen ? decision : settledAs(hunk);
  const [head] = rows;
  const notes = head?.kind === "hunk" ? noteWords(head.notes) : "";
  return (
    <section
      aria-label={`Change ${number}, ${settled ?? "undecided"}`}
      data-hunk={hunk.id}
      tabIndex={-1}
      onFocus={() => onCurrent(hunk.id)}
      className={cx(
        "scroll-my-16 border-l-3 outline-none",
        EDGES[settled ?? "undecided"],
        isCurrent && isOpen && "bg-hover",
      )}
    >
      <div
        className={cx(
          "flex min-h-9 flex-wrap items-center gap-x-2 gap-y-1 border-line border-y px-2 py-1 text-sm",
          isCurrent && isOpen ? "bg-accent-soft" : "bg-panel",
        )}
      >
        <span className="text-muted tabular-nums">{titleOf(hunk, number)}</span>
        {hunk.label !== "exact" && hunk.label !== "" ? (
          <Badge tone="warning">matched with: {hunk.label}</Badge>
        ) : null}
        {notes ? <Badge>{notes}</Badge> : null}
        <span className="flex-1" />
        {isOpen ? (
          <fieldset className="flex gap-1">
            <legend className="sr-only">Decide about change {number}</legend>
            <Choice
              is={decision === "accepted"}
              tone="accept"
              label="Accept"
              onClick={() => onDecide(hunk, "accepted")}
            />
            <Choice
              is={decision === "rejected"}
              tone="reject"
              label="Reject"
              onClick={() => onDecide(hunk, "rejected")}
            />
          </fieldset>
        ) : settled ? (
          <Badge tone={settled === "accepted" ? "success" : "neutral"}>
            {settled === "accepted" ? "Applied" : "Left out"}
          </Badge>
        ) : null}
      </div>
      <DiffLines rows={rows} isMuted={settled === "rejected"} />
    </section>
  );
});

function Choice({
  is,
  tone,
  label,
  onClick,
}: {
  is: boolean;
  tone: "accept" | "reject";
  label: string;
  onClick: () => void;
}) {
  const on = tone === "accept" ? "bg-success-soft! text-success" : "bg-danger-soft! text-danger";
  return (
    <Button
      size="sm"
      variant="ghost"
      aria-pressed={is}
      icon={tone === "accept" ? <Check /> : <X />}
      onClick={onClick}
      className={cx("border border-line", is && on, is && "border-current")}
    >
      {label}
    </Button>
  );
}

function settledAs(hunk: Hunk): Decision | undefined {
  return hunk.state === "open" ? undefined : hunk.state;
}

function titleOf(hunk: Hunk, number: number): string {
  switch (hunk.kind) {
    case "create":
      return `${number}. New file`;
    case "delete":
      return `${number}. Delete the file`;
    case "rename":
      return `${number}. Rename the file`;
    case "text": {
      const first = hunk.oldStart + 1;
      if (hunk.oldLines === 0 && hunk.oldStart === 0) return `${number}. At the start`;
      if (hunk.oldLines === 0) {
        return hunk.oldStart === 0
          ? `${number}. At the top`
          : `${number}. After line ${hunk.oldStart}`;
      }
      const last = hunk.oldStart + hunk.oldLines;
      return first === last ? `${number}. Line ${first}` : `${number}. Lines ${first}–${last}`;
    }
  }
}
