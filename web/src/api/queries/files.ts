import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { call } from "../client";
import type { CreateFile } from "../schema";
import { keys } from "./keys";
import { allPages } from "./paging";

/** Every file and folder of a workspace, by path. */
export function filesQuery(workspaceId: string) {
  return queryOptions({
    queryKey: keys.files(workspaceId),
    queryFn: ({ signal }) => listFiles(workspaceId, false, signal),
  });
}

/** The deleted files that can be restored. */
export function deletedFilesQuery(workspaceId: string) {
  return queryOptions({
    queryKey: [...keys.files(workspaceId), "deleted"],
    queryFn: ({ signal }) => listFiles(workspaceId, true, signal),
  });
}

/** A file with its text. */
export function fileQuery(id: string) {
  return queryOptions({
    queryKey: keys.file(id),
    queryFn: ({ signal }) => call("get", "/api/files/{id}", { path: { id }, signal }),
  });
}

/** A file's versions, newest first, a page at a time. */
export function versionsQuery(fileId: string) {
  return infiniteQueryOptions({
    queryKey: keys.versions(fileId),
    queryFn: ({ pageParam, signal }) =>
      call("get", "/api/files/{id}/versions", {
        path: { id: fileId },
        query: pageParam ? { cursor: pageParam } : {},
        signal,
      }),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  });
}

/** A version with its text. It never changes. */
export function versionQuery(id: string) {
  return queryOptions({
    queryKey: keys.version(id),
    queryFn: ({ signal }) => call("get", "/api/versions/{id}", { path: { id }, signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function createFile(workspaceId: string, file: CreateFile) {
  return call("post", "/api/workspaces/{id}/files", { path: { id: workspaceId }, body: file });
}

/** Saves a text over `versionId`; refused as `stale_version` when another stands. */
export function saveFile(id: string, content: string, versionId: string) {
  return call("patch", "/api/files/{id}", { path: { id }, body: { content }, ifMatch: versionId });
}

export function renameFile(id: string, path: string) {
  return call("patch", "/api/files/{id}", { path: { id }, body: { path } });
}

export function deleteFile(id: string) {
  return call("delete", "/api/files/{id}", { path: { id } });
}

export function undeleteFile(id: string) {
  return call("patch", "/api/files/{id}", { path: { id }, body: { deleted: false } });
}

/** Makes an old version current again, over `current`. */
export function restoreVersion(fileId: string, versionId: string, current: string) {
  return call("post", "/api/files/{id}/restore", {
    path: { id: fileId },
    body: { versionId },
    ifMatch: current,
  });
}

function listFiles(workspaceId: string, deleted: boolean, signal: AbortSignal) {
  return allPages((page) =>
    call("get", "/api/workspaces/{id}/files", {
      path: { id: workspaceId },
      query: { deleted, ...page },
      signal,
    }),
  );
}
