/** Finding things by a few letters of their names. */

/**
 * How well `query` fits `text`: its letters must come in order, and fit better
 * together, at the beginning of words and near the end of a path. Higher is
 * better; nothing when it doesn't fit.
 */
export function scoreOf(query: string, text: string): number | undefined {
  const wanted = query.toLowerCase().replace(/\s+/g, "");
  if (wanted === "") return 0;
  const lower = text.toLowerCase();
  // From the last part on, where a file's own name stands; else from anywhere.
  const name = lower.lastIndexOf("/") + 1;
  const inName = name > 0 ? walk(wanted, text, lower, name) : undefined;
  const points = inName === undefined ? walk(wanted, text, lower, 0) : inName + 8;
  return points === undefined ? undefined : points - text.length / 100;
}

/** The items that fit best, best first; all, in their order, for an empty query. */
export function rank<T>(
  query: string,
  items: readonly T[],
  textOf: (item: T) => string,
  most: number,
): T[] {
  if (query.trim() === "") return items.slice(0, most);
  const found: { item: T; points: number }[] = [];
  for (const item of items) {
    const points = scoreOf(query, textOf(item));
    if (points !== undefined) found.push({ item, points });
  }
  // Equal ones stay in their order: sorting is stable.
  return found
    .sort((a, b) => b.points - a.points)
    .slice(0, most)
    .map(({ item }) => item);
}

function walk(wanted: string, text: string, lower: string, start: number): number | undefined {
  let points = 0;
  let last = -2;
  let from = start;
  for (const letter of wanted) {
    const at = next(letter, text, lower, from, last);
    if (at < 0) return undefined;
    points += at === last + 1 ? 4 : beginsWord(text, at) ? 3 : 1;
    last = at;
    from = at + letter.length;
  }
  return points;
}

/** Where the letter comes next: right behind the last, at a word's beginning, or anywhere. */
function next(letter: string, text: string, lower: string, from: number, last: number): number {
  const first = lower.indexOf(letter, from);
  if (first < 0 || first === last + 1 || beginsWord(text, first)) return first;
  for (let at = lower.indexOf(letter, first + 1); at >= 0; at = lower.indexOf(letter, at + 1)) {
    if (beginsWord(text, at)) return at;
  }
  return first;
}

function beginsWord(text: string, at: number): boolean {
  if (at === 0) return true;
  const before = text.charAt(at - 1);
  if (/[\s/_.-]/.test(before)) return true;
  return /[a-z0-9]/.test(before) && /[A-Z]/.test(text.charAt(at));
}
