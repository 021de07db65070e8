import { queryOptions } from "@tanstack/react-query";
import { call } from "../client";
import type { Execute } from "../schema";
import { keys } from "./keys";

/** The latest runs of a workspace, newest first. */
export function runsQuery(workspaceId: string) {
  return queryOptions({
    queryKey: keys.runs(workspaceId),
    queryFn: ({ signal }) =>
      call("get", "/api/workspaces/{id}/runs", { path: { id: workspaceId }, signal }),
  });
}

/** A run with its output so far. */
export function runQuery(id: string) {
  return queryOptions({
    queryKey: keys.run(id),
    queryFn: ({ signal }) => call("get", "/api/execute/{id}", { path: { id }, signal }),
  });
}

export function execute(run: Execute) {
  return call("post", "/api/execute", { body: run });
}

export function cancelRun(id: string) {
  return call("post", "/api/execute/{id}/cancel", { path: { id } });
}
