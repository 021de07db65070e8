import { expect, it, vi } from "vitest";
import { allPages } from "./paging";

it("fetches one page after another until there is none", async () => {
  const pages = new Map([
    ["", { items: [1, 2], nextCursor: "b" }],
    ["b", { items: [3], nextCursor: "c" }],
    ["c", { items: [], nextCursor: null }],
  ]);
  const fetchPage = vi.fn(({ cursor }: { cursor?: string; limit: number }) =>
    Promise.resolve(pages.get(cursor ?? "") ?? { items: [] }),
  );
  expect(await allPages(fetchPage)).toEqual([1, 2, 3]);
  expect(fetchPage).toHaveBeenCalledTimes(3);
});

it("ends even where the server never does", async () => {
  const fetchPage = vi.fn(() => Promise.resolve({ items: [0], nextCursor: "again" }));
  expect((await allPages(fetchPage)).length).toBe(fetchPage.mock.calls.length);
});
