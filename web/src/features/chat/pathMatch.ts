/** Finding a path by some of its letters. */

/** The best matches first: in the name before in the folders, short before long. */
export function bestMatches(paths: readonly string[], search: string, most: number): string[] {
  const wanted = search.trim().toLowerCase();
  if (wanted === "") return paths.slice(0, most);
  return paths
    .map((path) => ({ path, rank: rankOf(path.toLowerCase(), wanted) }))
    .filter(({ rank }) => rank !== undefined)
    .sort((a, b) => (a.rank ?? 0) - (b.rank ?? 0) || a.path.length - b.path.length)
    .slice(0, most)
    .map(({ path }) => path);
}

/** The lower the better; nothing when the letters aren't there in their order. */
function rankOf(path: string, wanted: string): number | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (name.startsWith(wanted)) return 0;
  if (name.includes(wanted)) return 1;
  if (path.includes(wanted)) return 2;
  let at = 0;
  for (const letter of wanted) {
    at = path.indexOf(letter, at) + 1;
    if (at === 0) return undefined;
  }
  return 3;
}
