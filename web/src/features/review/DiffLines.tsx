import { memo } from "react";
import { type DiffRow, type LineNote, type Mark, pieces } from "@/editor/diffRows";
import { cx } from "@/lib/cx";
import type { LineRow } from "./segments";

const NOTES: Record<LineNote, string> = {
  noFinalNewline: "no newline at the end of the file",
  lineEndingOnly: "only the line ending differs",
  whitespaceOnly: "only white space differs",
};

/** The line's number before and after. */
function numbersOf(row: LineRow): [number | undefined, number | undefined] {
  if (row.kind === "context") return [row.oldLine, row.newLine];
  return row.kind === "removed" ? [row.line, undefined] : [undefined, row.line];
}

/** What is worth saying about a change besides its words. */
export function noteWords(notes: readonly LineNote[]): string {
  return notes.map((note) => NOTES[note]).join(", ");
}

/** Lines of a diff, with their numbers and signs. `isMuted` is for what was rejected. */
export const DiffLines = memo(function DiffLines({
  rows,
  isMuted = false,
}: {
  rows: readonly DiffRow[];
  isMuted?: boolean;
}) {
  return (
    <div className="font-mono text-sm leading-[1.6] [contain-intrinsic-size:auto_12rem] [content-visibility:auto] [tab-size:4]">
      {rows.map((row) =>
        row.kind === "hunk" || row.kind === "gap" ? null : (
          <DiffLine key={keyOf(row)} row={row} isMuted={isMuted} />
        ),
      )}
    </div>
  );
});

function keyOf(row: LineRow): string {
  return row.kind === "context" ? `c${row.oldLine}` : `${row.kind}${row.line}`;
}

const LOOKS = {
  context: { sign: " ", spoken: "", ground: "", mark: "" },
  removed: { sign: "−", spoken: "removed: ", ground: "bg-removed", mark: "bg-removed-mark" },
  added: { sign: "+", spoken: "added: ", ground: "bg-added", mark: "bg-added-mark" },
};

function DiffLine({ row, isMuted }: { row: LineRow; isMuted: boolean }) {
  const look = LOOKS[row.kind];
  const [oldLine, newLine] = numbersOf(row);
  const isChange = row.kind !== "context";
  return (
    <div className={cx("flex", isMuted ? "text-muted" : look.ground)}>
      <LineNumber line={oldLine} />
      <LineNumber line={newLine} />
      <span
        aria-hidden
        className={cx("w-5 shrink-0 select-none text-center", !isMuted && "text-ink")}
      >
        {look.sign}
      </span>
      {isChange ? <span className="sr-only">{look.spoken}</span> : null}
      <span
        className={cx(
          "min-w-0 flex-1 whitespace-pre-wrap pr-2 [overflow-wrap:anywhere]",
          isMuted && row.kind === "added" && "line-through",
        )}
      >
        <Words
          text={row.text}
          marks={isChange && !isMuted ? row.marks : []}
          className={look.mark}
        />
        {isChange && row.notes.length > 0 ? (
          <span className="ml-2 font-sans text-muted text-xs italic">{noteWords(row.notes)}</span>
        ) : null}
      </span>
    </div>
  );
}

function LineNumber({ line }: { line: number | undefined }) {
  return (
    <span
      aria-hidden
      className="w-9 shrink-0 select-none pr-1.5 text-right text-muted text-xs leading-[inherit] tabular-nums @max-xs:w-7"
    >
      {line}
    </span>
  );
}

function Words({
  text,
  marks,
  className,
}: {
  text: string;
  marks: readonly Mark[];
  className: string;
}) {
  // An empty line must be as high as any other.
  if (marks.length === 0) return text === "" ? "\u200b" : text;
  return pieces(text, marks).map(({ text: words, marked }, index) =>
    marked ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a line never change
      <span key={index} className={cx("rounded-[2px]", className)}>
        {words}
      </span>
    ) : (
      words
    ),
  );
}
