import { MessageSquarePlus } from "lucide-react";
import { Fragment, memo, type ReactNode, useEffect, useRef } from "react";
import { type DiffRow, type LineNote, type Mark, pieces } from "@/editor/diffRows";
import { cx } from "@/lib/cx";
import { isWithin, type LineRange, rangeWords } from "./lineRange";
import type { LineRow } from "./segments";
import type { LineCursor } from "./useLineCursor";

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

const SHEET =
  "font-mono text-sm leading-[1.6] [contain-intrinsic-size:auto_12rem] [content-visibility:auto] [tab-size:4]";

/** Lines of a diff, with their numbers and signs. */
export const DiffLines = memo(function DiffLines({ rows }: { rows: readonly DiffRow[] }) {
  return (
    <div className={SHEET}>
      {rows.map((row) =>
        row.kind === "hunk" || row.kind === "gap" ? null : <DiffLine key={keyOf(row)} row={row} />,
      )}
    </div>
  );
});

/** The lines of a hunk, which can be commented on; `below` is what stands under a row. */
export function HunkLines({
  rows,
  isMuted,
  cursor,
  marked,
  below,
}: {
  rows: readonly DiffRow[];
  /** For what was rejected. */
  isMuted: boolean;
  cursor: LineCursor;
  /** The lines that a comment is being written on. */
  marked: LineRange | undefined;
  below: (row: number) => ReactNode;
}) {
  const range = marked ?? cursor.range;
  return (
    <div
      className={SHEET}
      onPointerOver={cursor.onPointerOver}
      onPointerLeave={cursor.onPointerLeave}
      onPointerUp={cursor.onPointerUp}
    >
      {rows.map((row, index) =>
        row.kind === "hunk" || row.kind === "gap" ? null : (
          <Fragment key={keyOf(row)}>
            <div data-row={index} className="relative">
              <DiffLine
                row={row}
                isMuted={isMuted}
                isMarked={range !== undefined && isWithin(row, range)}
              />
              {index === cursor.row && cursor.range ? (
                <LineButton cursor={cursor} range={cursor.range} />
              ) : null}
            </div>
            {below(index)}
          </Fragment>
        ),
      )}
    </div>
  );
}

/** Stands at the line that is pointed at. */
function LineButton({ cursor, range }: { cursor: LineCursor; range: LineRange }) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    // The keys that brought it here go on from it.
    if (cursor.takesFocus) button.current?.focus();
  }, [cursor.takesFocus]);
  return (
    <button
      ref={button}
      type="button"
      data-line-button=""
      aria-label={`Comment on ${rangeWords(range)}`}
      onPointerDown={cursor.onDrag}
      onClick={cursor.onWrite}
      className="-translate-y-1/2 absolute top-1/2 left-1 flex size-6 select-none items-center justify-center rounded-md bg-accent-fill text-on-accent shadow-1 hover:bg-accent-fill-hover pointer-coarse:size-8"
    >
      <MessageSquarePlus aria-hidden className="size-3.5" />
    </button>
  );
}

function keyOf(row: LineRow): string {
  return row.kind === "context" ? `c${row.oldLine}` : `${row.kind}${row.line}`;
}

const LOOKS = {
  context: { sign: " ", spoken: "", ground: "", mark: "" },
  removed: { sign: "−", spoken: "removed: ", ground: "bg-removed", mark: "bg-removed-mark" },
  added: { sign: "+", spoken: "added: ", ground: "bg-added", mark: "bg-added-mark" },
};

const DiffLine = memo(function DiffLine({
  row,
  isMuted = false,
  isMarked = false,
}: {
  row: LineRow;
  isMuted?: boolean;
  isMarked?: boolean;
}) {
  const look = LOOKS[row.kind];
  const [oldLine, newLine] = numbersOf(row);
  const isChange = row.kind !== "context";
  return (
    <div className={cx("flex", isMuted ? "text-muted" : look.ground)}>
      <LineNumber line={oldLine} isMarked={isMarked} />
      <LineNumber line={newLine} isMarked={isMarked} />
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
});

function LineNumber({ line, isMarked }: { line: number | undefined; isMarked: boolean }) {
  return (
    <span
      aria-hidden
      className={cx(
        "w-9 shrink-0 select-none pr-1.5 text-right text-xs leading-[inherit] tabular-nums @max-xs:w-7",
        isMarked ? "bg-accent-soft text-accent" : "text-muted",
      )}
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
