/** Which of many rows of the same height are in view. */

/** Rows drawn beyond each edge, so that scrolling never shows a gap. */
const BEYOND = 12;

/** The first row in view and the one after the last, with some beyond on each side. */
export function rowWindow(
  scrollTop: number,
  viewHeight: number,
  rowHeight: number,
  count: number,
): { from: number; to: number } {
  const first = Math.floor(scrollTop / rowHeight) - BEYOND;
  const last = Math.ceil((scrollTop + viewHeight) / rowHeight) + BEYOND;
  const to = Math.min(count, Math.max(0, last));
  return { from: Math.min(to, Math.max(0, first)), to };
}

/** Where to scroll to so that a row is in view; the same place when it is already. */
export function scrollTopFor(
  row: number,
  scrollTop: number,
  viewHeight: number,
  rowHeight: number,
): number {
  const top = row * rowHeight;
  if (top < scrollTop) return top;
  const bottom = top + rowHeight;
  return bottom > scrollTop + viewHeight ? bottom - viewHeight : scrollTop;
}
