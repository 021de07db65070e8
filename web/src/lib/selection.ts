/** Lines of a file that were selected for a question. */
export interface SelectedLines {
  readonly path: string;
  /** The version whose lines they are; the current one, when nothing. */
  readonly versionId?: string | null;
  readonly lines: LineRange;
}

/** Lines of a text, from 1, the first and the last included. */
export interface LineRange {
  readonly first: number;
  readonly last: number;
}

/** `12–30`, or `12` for one line. */
export function rangeLabel({ first, last }: LineRange): string {
  return first === last ? `${first}` : `${first}–${last}`;
}

/** `src/main.py:12–30`; the path alone, without lines. */
export function placeLabel(path: string, lines: LineRange | null | undefined): string {
  return lines ? `${path}:${rangeLabel(lines)}` : path;
}

/** True when both mean the same lines of the same text. */
export function isSameSelection(a: SelectedLines, b: SelectedLines): boolean {
  return (
    a.path === b.path &&
    a.versionId === b.versionId &&
    a.lines.first === b.lines.first &&
    a.lines.last === b.lines.last
  );
}

/**
 * Adds a selection. Those of another version of the same file go: their lines
 * are counted in a text that is no longer the one on screen.
 */
export function withSelection(
  all: readonly SelectedLines[],
  added: SelectedLines,
): readonly SelectedLines[] {
  const kept = all.filter(
    (other) =>
      (other.path !== added.path || other.versionId === added.versionId) &&
      !isSameSelection(other, added),
  );
  return [...kept, added];
}

/**
 * Gives back the selections of a question that was not taken, but not those of
 * a file of which another version was selected meanwhile.
 */
export function withRestored(
  all: readonly SelectedLines[],
  back: readonly SelectedLines[],
): readonly SelectedLines[] {
  const isOutdated = (one: SelectedLines) =>
    all.some((other) => other.path === one.path && other.versionId !== one.versionId);
  return back.filter((one) => !isOutdated(one)).reduce(withSelection, all);
}
