/** The most items the server puts on a page. */
const LARGEST_PAGE = 5000;
/** A list longer than this is cut: 200 pages are a million entries. */
const MOST_PAGES = 200;

interface Page<T> {
  items: T[];
  nextCursor?: string | null;
}

/** Fetches every page of a list. */
export async function allPages<T>(
  fetchPage: (query: { cursor?: string; limit: number }) => Promise<Page<T>>,
): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { items: more, nextCursor } = await fetchPage({
      limit: LARGEST_PAGE,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const item of more) items.push(item);
    if (!nextCursor) return items;
    cursor = nextCursor;
  }
  return items;
}
