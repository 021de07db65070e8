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

/** Every workspace in use, to choose one of. */
export const workspaceChoicesQuery = queryOptions({
  queryKey: [...keys.workspaces, "choices"],
  queryFn: ({ signal }) =>
    allPages((query) =>
      call("get", "/api/workspaces", { query: { ...query, archived: false }, signal }),
    ),
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
