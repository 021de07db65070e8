import { queryOptions } from "@tanstack/react-query";
import { call } from "../client";
import type { CreateGrant } from "../schema";
import { keys } from "./keys";

/** What the programs of a workspace may reach. */
export function grantsQuery(workspaceId: string) {
  return queryOptions({
    queryKey: keys.grants(workspaceId),
    queryFn: ({ signal }) =>
      call("get", "/api/workspaces/{id}/grants", { path: { id: workspaceId }, signal }),
  });
}

/** What they asked for lately and were refused, the latest first. */
export function denialsQuery(workspaceId: string) {
  return queryOptions({
    queryKey: keys.denials(workspaceId),
    queryFn: ({ signal }) =>
      call("get", "/api/workspaces/{id}/network/denials", { path: { id: workspaceId }, signal }),
  });
}

export function createGrant(workspaceId: string, grant: CreateGrant) {
  return call("post", "/api/workspaces/{id}/grants", { path: { id: workspaceId }, body: grant });
}

export function deleteGrant(id: string) {
  return call("delete", "/api/grants/{id}", { path: { id } });
}
