import { TextQuote, X } from "lucide-react";
import { useRef } from "react";
import { isSameSelection, rangeLabel, type SelectedLines } from "@/lib/selection";

const CHIP =
  "inline-flex h-control-sm max-w-full items-center gap-1 rounded-sm bg-accent-soft pl-1.5 text-sm";

/** The lines that go with the next question; of their files nothing else does. */
export function SelectionChips({
  selections,
  onRemove,
}: {
  selections: readonly SelectedLines[];
  onRemove: (selection: SelectedLines) => void;
}) {
  const list = useRef<HTMLUListElement>(null);
  const remove = (selection: SelectedLines) => {
    onRemove(selection);
    // The button that had the focus is gone: what follows takes it.
    const form = list.current?.closest("form");
    requestAnimationFrame(() => {
      const next = list.current?.querySelector("button") ?? form?.querySelector("textarea");
      next?.focus();
    });
  };
  if (selections.length === 0) return null;
  return (
    <ul ref={list} aria-label="Selected lines the assistant is given" className="contents">
      {selections.map((selection) => {
        const { path, lines } = selection;
        return (
          <li key={keyOf(selection)} className={`${CHIP} pr-0.5`} title={titleOf(selection)}>
            <Place selection={selection} />
            <button
              type="button"
              aria-label={`Leave out ${path}, lines ${rangeLabel(lines)}`}
              onClick={() => remove(selection)}
              className="inline-flex size-5 items-center justify-center rounded-sm text-muted hover:bg-pressed hover:text-ink pointer-coarse:size-8"
            >
              <X aria-hidden className="size-3.5" />
            </button>
          </li>
        );
      })}
    </ul>
  );
}

/** The lines that went with a question. */
export function AskedSelections({ selections }: { selections: readonly SelectedLines[] }) {
  if (selections.length === 0) return null;
  return (
    <ul
      aria-label="Selected lines of this question"
      className="-mt-1.5 ml-6 flex flex-wrap justify-end gap-1.5 self-end"
    >
      {selections.map((selection) => (
        <li key={keyOf(selection)} className={`${CHIP} pr-1.5`} title={titleOf(selection)}>
          <Place selection={selection} />
        </li>
      ))}
    </ul>
  );
}

/** `path:12–30`; of a long path the end is cut off, never the lines. */
function Place({ selection: { path, lines } }: { selection: SelectedLines }) {
  return (
    <>
      <TextQuote aria-hidden className="size-3.5 shrink-0 text-accent" />
      <span className="flex min-w-0 font-mono">
        <span className="max-w-48 truncate">{path}</span>
        <span className="shrink-0">:{rangeLabel(lines)}</span>
      </span>
    </>
  );
}

function keyOf({ path, versionId, lines }: SelectedLines): string {
  return `${path}:${lines.first}:${lines.last}:${versionId}`;
}

function titleOf({ path, lines }: SelectedLines): string {
  return `${path}, lines ${rangeLabel(lines)}: nothing else of the file goes along`;
}

/** Takes one selection away. */
export function without(
  all: readonly SelectedLines[],
  gone: SelectedLines,
): readonly SelectedLines[] {
  return all.filter((other) => !isSameSelection(other, gone));
}
