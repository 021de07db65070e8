import { queryOptions } from "@tanstack/react-query";
import { call } from "../client";
import type { ApplyProposal } from "../schema";
import { keys } from "./keys";

/** The latest proposals of a workspace, newest first. */
export function proposalsQuery(workspaceId: string) {
  return queryOptions({
    queryKey: keys.proposals(workspaceId),
    queryFn: ({ signal }) =>
      call("get", "/api/workspaces/{id}/proposals", { path: { id: workspaceId }, signal }),
  });
}

/** A proposal with its files and hunks. */
export function proposalQuery(id: string) {
  return queryOptions({
    queryKey: keys.proposal(id),
    queryFn: ({ signal }) => call("get", "/api/proposals/{id}", { path: { id }, signal }),
  });
}

/** Applies hunks; those that aren't named are rejected. All when none is named. */
export function applyProposal(id: string, decision: ApplyProposal) {
  return call("post", "/api/proposals/{id}/apply", { path: { id }, body: decision });
}

export function rejectProposal(id: string) {
  return call("post", "/api/proposals/{id}/reject", { path: { id } });
}

export function undoProposal(id: string) {
  return call("post", "/api/proposals/{id}/undo", { path: { id } });
}
