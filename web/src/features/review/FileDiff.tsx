import { Check, ChevronRight, Lock, UnfoldVertical, X } from "lucide-react";
import { memo, useMemo, useState } from "react";
import type { Change, Freshness, Hunk, ProposalFile } from "@/api/schema";
import type { OpenRange } from "@/editor/diffRows";
import { cx } from "@/lib/cx";
import { bytes, count, plural } from "@/lib/format";
import { Badge, type Tone } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { IconButton } from "@/ui/IconButton";
import { LineCounts } from "@/ui/LineCounts";
import { DiffLines } from "./DiffLines";
import { type Decision, type Decisions, decisionOf, linesOf } from "./decisions";
import { HunkBlock, type Writing } from "./HunkBlock";
import { changedRows, type GapRow, type LineRow, segmentsOf } from "./segments";

/** A file with more changed lines than this is closed at first. */
const LARGE = 2_000;
/** How much hidden context one press opens. */
const STEP = 20;

const CHANGES: Record<Change, { label: string; tone: Tone } | undefined> = {
  create: { label: "New", tone: "success" },
  delete: { label: "Deleted", tone: "danger" },
  rename: { label: "Renamed", tone: "accent" },
  copy: { label: "Copied", tone: "accent" },
  modify: undefined,
};
const FRESHNESS: Record<Freshness, { label: string; tone: Tone } | undefined> = {
  current: undefined,
  merges: { label: "Merges with your edits", tone: "accent" },
  conflicts: { label: "Conflicts with your edits", tone: "warning" },
};

export interface FileDiffProps {
  file: ProposalFile;
  decisions: Decisions;
  current: string | undefined;
  isOpen: boolean;
  isBusy: boolean;
  proposalId: string;
  /** The hunks that need a rejected one. */
  lacking: ReadonlySet<string>;
  /** The number of every hunk of the proposal. */
  numbers: ReadonlyMap<string, number>;
  /** The comment that is being written. */
  writing: Writing | undefined;
  onStep: (hunk: Hunk) => void;
  onWrite: (writing: Writing | undefined) => void;
  onDecide: (hunks: readonly Hunk[], decision: Decision) => void;
  onDecideOne: (hunk: Hunk, decision: Decision) => void;
  onCurrent: (id: string) => void;
}

/** What a proposal does to one file. */
export const FileDiff = memo(function FileDiff(props: FileDiffProps) {
  const { file, decisions, numbers, current, isOpen, onDecideOne, onCurrent } = props;
  const [isFolded, setFolded] = useState(() => changedRows(file) > LARGE);
  const [opened, setOpened] = useState<readonly OpenRange[]>([]);
  const segments = useMemo(
    () => (isFolded ? [] : segmentsOf(file, opened)),
    [file, opened, isFolded],
  );
  const numberOf = (id: string) => numbers.get(id) ?? 0;
  return (
    <article aria-label={file.path} className="border-line border-b">
      <FileHead {...props} isFolded={isFolded} onFold={() => setFolded(!isFolded)} />
      {isFolded ? (
        <p className="px-3 py-2 text-muted text-sm">
          {plural(changedRows(file), "changed line")}.{" "}
          <button
            type="button"
            className="text-accent underline underline-offset-2"
            onClick={() => setFolded(false)}
          >
            Show them
          </button>
        </p>
      ) : null}
      {file.binary && !isFolded ? (
        <p className="px-3 py-2 text-muted text-sm">
          This file is not text; it changes as a whole{sizeWords(file)}.
        </p>
      ) : null}
      {segments.map((segment) =>
        segment.kind === "gap" ? (
          <Gap
            key={`g${segment.gap.from}`}
            gap={segment.gap}
            onOpen={(range) => setOpened([...opened, range])}
          />
        ) : segment.kind === "context" ? (
          // As far in as the lines of a hunk, which have an edge.
          <div key={`c${firstLineOf(segment.rows)}`} className="border-transparent border-l-3">
            <DiffLines rows={segment.rows} />
          </div>
        ) : (
          <HunkBlock
            key={segment.hunk.id}
            hunk={segment.hunk}
            rows={segment.rows}
            number={numberOf(segment.hunk.id)}
            needs={segment.hunk.needs.map(numberOf)}
            isLacking={props.lacking.has(segment.hunk.id)}
            isBusy={props.isBusy}
            writing={segment.hunk.id === props.writing?.hunk ? props.writing : undefined}
            proposalId={props.proposalId}
            onStep={props.onStep}
            onWrite={props.onWrite}
            decision={decisions.get(segment.hunk.id)}
            isCurrent={segment.hunk.id === current}
            isOpen={isOpen}
            onDecide={onDecideOne}
            onCurrent={onCurrent}
          />
        ),
      )}
    </article>
  );
});

/** The sizes of a file that is shown by nothing else. */
function sizeWords({ beforeBytes, afterBytes }: ProposalFile): string {
  const sizes = [beforeBytes, afterBytes].filter((size) => size != null);
  return sizes.length > 0 ? `, ${sizes.map(bytes).join(" → ")}` : "";
}

function firstLineOf([first]: readonly LineRow[]): number {
  return first?.kind === "context" ? first.oldLine : 0;
}

function FileHead({
  file,
  decisions,
  isOpen,
  isFolded,
  onDecide,
  onFold,
}: FileDiffProps & { isFolded: boolean; onFold: () => void }) {
  const change = CHANGES[file.change];
  const freshness = file.freshness ? FRESHNESS[file.freshness] : undefined;
  const decision = decisionOf(file, decisions);
  return (
    <header className="sticky top-0 z-10 flex min-h-10 flex-wrap items-center gap-x-2 gap-y-1 border-line border-b bg-raised px-2 py-1">
      <h3 className="min-w-32 flex-1">
        <button
          type="button"
          aria-expanded={!isFolded}
          onClick={onFold}
          className="flex w-full items-center gap-1 rounded-sm text-left font-medium"
        >
          <ChevronRight
            aria-hidden
            className={cx(
              "size-4 shrink-0 text-muted transition-transform",
              !isFolded && "rotate-90",
            )}
          />
          <span className="truncate" title={file.path}>
            {file.fromPath ? (
              <span className="text-muted">
                {file.fromPath} <span aria-hidden>{file.change === "copy" ? "⇒" : "→"}</span>
                <span className="sr-only">
                  {file.change === "copy" ? "is copied to" : "becomes"}
                </span>{" "}
              </span>
            ) : null}
            <bdi>{file.path}</bdi>
          </span>
        </button>
      </h3>
      {change ? <Badge tone={change.tone}>{change.label}</Badge> : null}
      {freshness ? <Badge tone={freshness.tone}>{freshness.label}</Badge> : null}
      {file.executable !== file.executableBefore && file.change !== "create" ? (
        <Badge>{file.executable ? "becomes executable" : "no longer executable"}</Badge>
      ) : null}
      {file.encoding !== "utf-8" && !file.binary ? <Badge>{file.encoding}</Badge> : null}
      {file.locked ? (
        <Badge tone="warning" icon={<Lock />}>
          locked by {file.locked}
        </Badge>
      ) : null}
      <LineCounts {...linesOf(file)} />
      {isOpen ? (
        <span className="flex">
          <IconButton
            size="sm"
            label={`Accept all of ${file.path}`}
            icon={<Check />}
            aria-pressed={decision === "accepted"}
            onClick={() => onDecide(file.hunks, "accepted")}
          />
          <IconButton
            size="sm"
            label={`Reject all of ${file.path}`}
            icon={<X />}
            aria-pressed={decision === "rejected"}
            onClick={() => onDecide(file.hunks, "rejected")}
          />
        </span>
      ) : null}
    </header>
  );
}

function Gap({ gap, onOpen }: { gap: GapRow; onOpen: (range: OpenRange) => void }) {
  const { from, count: hidden } = gap;
  const isSmall = hidden <= STEP;
  return (
    <div className="flex flex-wrap items-center gap-1 bg-hover px-2 py-0.5 text-muted text-sm">
      <UnfoldVertical aria-hidden className="size-3.5" />
      <span className="mr-auto">{plural(hidden, "unchanged line")}</span>
      {isSmall ? null : (
        <Button
          size="sm"
          variant="ghost"
          onClick={() => onOpen({ from: from + hidden - STEP, to: from + hidden })}
        >
          Show {STEP} more
        </Button>
      )}
      <Button size="sm" variant="ghost" onClick={() => onOpen({ from, to: from + hidden })}>
        {isSmall ? "Show" : `Show all ${count(hidden)}`}
      </Button>
    </div>
  );
}
