import { queryOptions } from "@tanstack/react-query";
import { call } from "../client";
import type { CreateTerminal } from "../schema";
import { keys } from "./keys";

/** The terminals of a workspace, oldest first. */
export function terminalsQuery(workspaceId: string) {
  return queryOptions({
    queryKey: keys.terminals(workspaceId),
    queryFn: ({ signal }) =>
      call("get", "/api/workspaces/{id}/terminals", { path: { id: workspaceId }, signal }),
  });
}

export function createTerminal(workspaceId: string, terminal: CreateTerminal) {
  return call("post", "/api/workspaces/{id}/terminals", {
    path: { id: workspaceId },
    body: terminal,
  });
}

export function renameTerminal(id: string, title: string) {
  return call("patch", "/api/terminals/{id}", { path: { id }, body: { title } });
}

/** Ends the terminal's program and removes it. */
export function deleteTerminal(id: string) {
  return call("delete", "/api/terminals/{id}", { path: { id } });
}
