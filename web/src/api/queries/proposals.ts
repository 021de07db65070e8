import { queryOptions } from "@tanstack/react-query";
import { call } from "../client";
import type { ApplyProposal, CreateComment, UndoProposal } from "../schema";
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

/** Takes hunks back, all that are applied when none is named. */
export function undoProposal(id: string, decision: UndoProposal = {}) {
  return call("post", "/api/proposals/{id}/undo", { path: { id }, body: decision });
}

/** Runs the workspace's checks with these hunks in the files. */
export function checkProposal(id: string, hunks: string[]) {
  return call("post", "/api/proposals/{id}/check", { path: { id }, body: { hunks } });
}

/** Stops the checks that run on a proposal. */
export function cancelCheck(id: string) {
  return call("post", "/api/proposals/{id}/check/cancel", { path: { id } });
}

/** What people say of a proposal, oldest first. */
export function commentsQuery(proposalId: string) {
  return queryOptions({
    queryKey: keys.comments(proposalId),
    queryFn: ({ signal }) =>
      call("get", "/api/proposals/{id}/comments", { path: { id: proposalId }, signal }),
  });
}

export function createComment(proposalId: string, comment: CreateComment) {
  return call("post", "/api/proposals/{id}/comments", { path: { id: proposalId }, body: comment });
}

export function deleteComment(id: string) {
  return call("delete", "/api/comments/{id}", { path: { id } });
}
