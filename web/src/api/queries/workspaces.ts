import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { call } from "../client";
import type { UpdateWorkspace } from "../schema";
import { keys } from "./keys";
import { allPages } from "./paging";

/** Workspaces, newest first, a page at a time. */
export function workspacesQuery(archived: boolean) {
  return infiniteQueryOptions({
    queryKey: [...keys.workspaces, "list", archived],
    queryFn: ({ pageParam, signal }) =>
      call("get", "/api/workspaces", {
        query: { archived, ...(pageParam ? { cursor: pageParam } : {}) },
        signal,
      }),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  });
}

/** Every workspace, those in use before the archived ones: to choose one of, and for names. */
export const everyWorkspaceQuery = queryOptions({
  queryKey: [...keys.workspaces, "every"],
  queryFn: async ({ signal }) => {
    const shelf = (archived: boolean) =>
      allPages((query) =>
        call("get", "/api/workspaces", { query: { ...query, archived }, signal }),
      );
    const [inUse, archived] = await Promise.all([shelf(false), shelf(true)]);
    return [...inUse, ...archived];
  },
});

export function workspaceQuery(id: string) {
  return queryOptions({
    queryKey: keys.workspace(id),
    queryFn: ({ signal }) => call("get", "/api/workspaces/{id}", { path: { id }, signal }),
  });
}

/** The built-in starting points. */
export const templatesQuery = queryOptions({
  queryKey: keys.templates,
  queryFn: ({ signal }) => call("get", "/api/templates", { signal }),
  staleTime: Number.POSITIVE_INFINITY,
});

/** Renames, archives or brings back. */
export function updateWorkspace(id: string, change: UpdateWorkspace) {
  return call("patch", "/api/workspaces/{id}", { path: { id }, body: change });
}
