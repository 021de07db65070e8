/** How panes that share a length give and take. Pure; sizes are in pixels. */

/**
 * Moves the border behind pane `index` by `delta`: what one neighbour gains the
 * other loses, and neither gets smaller than its least.
 */
export function moveBorder(
  sizes: readonly number[],
  leasts: readonly number[],
  index: number,
  delta: number,
): number[] {
  const before = sizes[index] ?? 0;
  const after = sizes[index + 1] ?? 0;
  const most = Math.max(0, after - (leasts[index + 1] ?? 0));
  const fewest = Math.min(0, (leasts[index] ?? 0) - before);
  const step = Math.min(most, Math.max(fewest, delta));
  return sizes.map((size, at) => {
    if (at === index) return size + step;
    return at === index + 1 ? size - step : size;
  });
}

/** How far a key moves a border; nothing when it isn't for moving borders. */
export function borderStep(key: string, isWide: boolean, isLarge: boolean): number | undefined {
  const size = isLarge ? 80 : 16;
  const steps: Record<string, number> = isWide
    ? { ArrowLeft: -size, ArrowRight: size }
    : { ArrowUp: -size, ArrowDown: size };
  return { ...steps, Home: -Number.MAX_SAFE_INTEGER, End: Number.MAX_SAFE_INTEGER }[key];
}

/** Reads shares that were kept; what isn't a share is dropped. */
export function parseShares(raw: unknown): Record<string, number> {
  if (typeof raw !== "object" || raw === null) return {};
  const good = Object.entries(raw).filter(
    (entry): entry is [string, number] =>
      typeof entry[1] === "number" && Number.isFinite(entry[1]) && entry[1] > 0,
  );
  return Object.fromEntries(good);
}
