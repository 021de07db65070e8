/** What of a cell's changes is news to the person at the page. Pure. */
import type { CellPort, Denial } from "@/api/schema";

/** The ports that are listening now and weren't before. */
export function newPorts(before: readonly CellPort[], now: readonly CellPort[]): CellPort[] {
  return now.filter(({ port }) => !before.some((known) => known.port === port));
}

/** What stands for a denial: another try at the same place is news again. */
export function denialKey({ host, port, lastAt }: Denial): string {
  return `${host}:${port} ${lastAt}`;
}

/** How long a denial is of interest, in milliseconds. */
const RECENT = 10 * 60_000;

/** The latest denial that is recent and wasn't waved away. */
export function latestDenial(
  denials: readonly Denial[],
  dismissed: ReadonlySet<string>,
  now: number = Date.now(),
): Denial | undefined {
  return denials
    .filter((denial) => now - Date.parse(denial.lastAt) < RECENT)
    .filter((denial) => !dismissed.has(denialKey(denial)))
    .toSorted((a, b) => b.lastAt.localeCompare(a.lastAt))[0];
}
