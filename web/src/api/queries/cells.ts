import { queryOptions } from "@tanstack/react-query";
import { call } from "../client";
import { keys } from "./keys";

/** How often the figures of a cell are asked for while they are shown, in milliseconds. */
const FIGURES = 5_000;

/** The cell of a workspace: whether it is up, what is in it and what it uses. */
export function cellQuery(workspaceId: string) {
  return queryOptions({
    queryKey: keys.cell(workspaceId),
    queryFn: ({ signal }) =>
      call("get", "/api/workspaces/{id}/cell", { path: { id: workspaceId }, signal }),
    refetchInterval: FIGURES,
  });
}

/** Ends everything that runs in a workspace. */
export function stopCell(workspaceId: string) {
  return call("post", "/api/workspaces/{id}/cell/stop", { path: { id: workspaceId } });
}

/** Makes a one-time address of what a server in the cell shows. */
export function openPort(workspaceId: string, port: number) {
  return call("post", "/api/workspaces/{id}/ports/{port}/open", {
    path: { id: workspaceId, port },
  });
}
