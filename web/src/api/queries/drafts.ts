import { queryOptions } from "@tanstack/react-query";
import { call } from "../client";
import { keys } from "./keys";

/** The drafts of a workspace, newest first. */
export function draftsQuery(workspaceId: string) {
  return queryOptions({
    queryKey: keys.drafts(workspaceId),
    queryFn: ({ signal }) =>
      call("get", "/api/workspaces/{id}/drafts", { path: { id: workspaceId }, signal }),
  });
}

/** A draft with what it changes and which of its ground has changed since. */
export function draftQuery(id: string) {
  return queryOptions({
    queryKey: keys.draft(id),
    queryFn: ({ signal }) => call("get", "/api/drafts/{id}", { path: { id }, signal }),
  });
}

/** Makes a draft that runs can use in place of the workspace. */
export function createDraft(workspaceId: string) {
  return call("post", "/api/workspaces/{id}/drafts", { path: { id: workspaceId }, body: {} });
}

/** Throws a draft away. */
export function discardDraft(id: string) {
  return call("delete", "/api/drafts/{id}", { path: { id } });
}

/** Makes a proposal of what a draft changes. */
export function proposeDraft(id: string) {
  return call("post", "/api/drafts/{id}/proposal", { path: { id }, body: {} });
}
