import { queryOptions } from "@tanstack/react-query";
import { call } from "../client";
import { keys } from "./keys";
import { allPages } from "./paging";

/** The latest conversations of a workspace, newest first. */
export function conversationsQuery(workspaceId: string) {
  return queryOptions({
    queryKey: keys.conversations(workspaceId),
    queryFn: ({ signal }) =>
      call("get", "/api/workspaces/{id}/conversations", { path: { id: workspaceId }, signal }),
  });
}

/** Every conversation of a workspace, newest first, to choose one of. */
export function conversationChoicesQuery(workspaceId: string) {
  return queryOptions({
    queryKey: [...keys.conversations(workspaceId), "choices"],
    queryFn: ({ signal }) =>
      allPages((query) =>
        call("get", "/api/workspaces/{id}/conversations", {
          path: { id: workspaceId },
          query,
          signal,
        }),
      ),
  });
}

/** A conversation with its messages and turns. */
export function conversationQuery(id: string) {
  return queryOptions({
    queryKey: keys.conversation(id),
    queryFn: ({ signal }) => call("get", "/api/conversations/{id}", { path: { id }, signal }),
  });
}

export function turnQuery(id: string) {
  return queryOptions({
    queryKey: keys.turn(id),
    queryFn: ({ signal }) => call("get", "/api/turns/{id}", { path: { id }, signal }),
  });
}

/** What was sent to a model, byte for byte. It never changes. */
export function modelCallQuery(id: string) {
  return queryOptions({
    queryKey: keys.modelCall(id),
    queryFn: ({ signal }) => call("get", "/api/model-calls/{id}", { path: { id }, signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function renameConversation(id: string, title: string) {
  return call("patch", "/api/conversations/{id}", { path: { id }, body: { title } });
}

export function archiveConversation(id: string) {
  return call("delete", "/api/conversations/{id}", { path: { id } });
}

export function cancelTurn(id: string) {
  return call("post", "/api/turns/{id}/cancel", { path: { id } });
}
