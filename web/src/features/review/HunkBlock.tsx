import { useQuery } from "@tanstack/react-query";
import { Check, MessageSquare, Redo2, Undo2, X } from "lucide-react";
import { memo, useMemo, useRef } from "react";
import { commentsQuery } from "@/api/queries/proposals";
import type { Comment, Hunk } from "@/api/schema";
import type { DiffRow } from "@/editor/diffRows";
import { cx } from "@/lib/cx";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { IconButton } from "@/ui/IconButton";
import { CommentThread, WriteComment } from "./CommentThread";
import { HunkLines, noteWords } from "./DiffLines";
import type { Decision } from "./decisions";
import { labelOf, stateWords, titleOf } from "./hunkWords";
import { type LineRange, lastRowOf, mostLines, rangeWords, threadsOf } from "./lineRange";
import { useLineCursor } from "./useLineCursor";

export interface HunkBlockProps {
  hunk: Hunk;
  rows: readonly DiffRow[];
  /** Its place among all hunks of the proposal, from 1. */
  number: number;
  decision: Decision | undefined;
  isCurrent: boolean;
  /** Decisions can still be made. */
  isOpen: boolean;
  /** It can't be applied, because it needs a change that was rejected. */
  isLacking: boolean;
  /** What the changes that it needs are numbered. */
  needs: readonly number[];
  isBusy: boolean;
  /** The comment that is being written on it. */
  writing: Writing | undefined;
  proposalId: string;
  onDecide: (hunk: Hunk, decision: Decision) => void;
  /** Puts it into the files, or takes it out, after the decision. */
  onStep: (hunk: Hunk) => void;
  onWrite: (writing: Writing | undefined) => void;
  onCurrent: (id: string) => void;
}

/** A comment that is being written on a hunk, or on lines of it. */
export interface Writing {
  readonly hunk: string;
  readonly lines?: LineRange;
  /** The row under which it is written; it stays there when the lines change. */
  readonly row?: number;
}

const NONE: readonly Comment[] = [];

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
  isLacking,
  needs,
  isBusy,
  writing,
  proposalId,
  onDecide,
  onStep,
  onWrite,
  onCurrent,
}: HunkBlockProps) {
  const settled = isOpen ? decision : settledAs(hunk);
  const [head] = rows;
  const notes = head?.kind === "hunk" ? noteWords(head.notes) : "";
  const section = useRef<HTMLElement>(null);
  const comments = useQuery(commentsQuery(proposalId)).data?.items ?? NONE;
  const threads = useMemo(
    () =>
      threadsOf(
        comments.filter((comment) => comment.hunkId === hunk.id),
        rows,
      ),
    [comments, hunk.id, rows],
  );
  const write = (lines: LineRange) =>
    onWrite({ hunk: hunk.id, lines, row: lastRowOf(rows, lines) });
  const { cursor, onKeyDown } = useLineCursor(rows, isCurrent, write);
  const done = () => {
    onWrite(undefined);
    // The keys go on from here.
    section.current?.focus({ preventScroll: true });
  };
  const below = (row: number) => (
    <>
      {threads.byRow.get(row)?.map(({ key, range, comments }) => (
        <CommentThread
          key={key}
          comments={comments}
          label={rangeWords(range)}
          onReply={() => write(range)}
        />
      ))}
      {writing?.lines && writing.row === row ? (
        <WriteComment
          proposalId={proposalId}
          hunkId={hunk.id}
          lines={writing.lines}
          mostLines={mostLines(rows, writing.lines)}
          onLines={(lines) => onWrite({ ...writing, lines })}
          label={rangeWords(writing.lines)}
          onDone={done}
        />
      ) : null}
    </>
  );
  return (
    <section
      ref={section}
      onKeyDown={onKeyDown}
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
        <HunkLabels hunk={hunk} isLacking={isLacking} needs={needs} />
        {notes ? <Badge>{notes}</Badge> : null}
        <span className="ml-auto flex items-center gap-1.5">
          <IconButton
            size="sm"
            label={`Comment on change ${number}`}
            icon={<MessageSquare />}
            onClick={() => onWrite({ hunk: hunk.id })}
          />
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
            <>
              <Badge tone={settled === "accepted" ? "success" : "neutral"}>
                {stateWords(hunk)}
              </Badge>
              <Button
                size="sm"
                variant="ghost"
                disabled={isBusy}
                aria-label={
                  settled === "accepted" ? `Undo change ${number}` : `Apply change ${number}`
                }
                icon={settled === "accepted" ? <Undo2 /> : <Redo2 />}
                onClick={() => onStep(hunk)}
                className="border border-line"
              >
                {settled === "accepted" ? "Undo" : "Apply"}
              </Button>
            </>
          ) : null}
        </span>
      </div>
      <HunkLines
        rows={rows}
        isMuted={settled === "rejected"}
        cursor={cursor}
        marked={writing?.lines}
        below={below}
      />
      <CommentThread comments={threads.whole} label={`change ${number}`} />
      {writing && !writing.lines ? (
        <WriteComment
          proposalId={proposalId}
          hunkId={hunk.id}
          label={`change ${number}`}
          onDone={done}
        />
      ) : null}
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
  if (hunk.state === "open") return undefined;
  return hunk.state === "accepted" ? "accepted" : "rejected";
}

/** How surely it was placed, and what it needs. */
function HunkLabels({
  hunk,
  isLacking,
  needs,
}: Pick<HunkBlockProps, "hunk" | "isLacking" | "needs">) {
  const label = labelOf(hunk);
  return (
    <>
      {label ? <Badge tone="warning">{label}</Badge> : null}
      {hunk.merged ? <Badge tone="accent">merged with your edits</Badge> : null}
      {needs.length > 0 ? (
        <Badge tone={isLacking ? "danger" : "neutral"}>
          {isLacking ? "can’t apply without" : "needs"} {needs.join(", ")}
        </Badge>
      ) : null}
    </>
  );
}
