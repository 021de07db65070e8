import { useQuery } from "@tanstack/react-query";
import { ApiError } from "@/api/client";
import { conversationQuery, turnQuery } from "@/api/queries/conversations";
import { everyWorkspaceQuery } from "@/api/queries/workspaces";
import type { Budget } from "@/api/schema";
import { questionsOf, type Subject } from "@/lib/budgetWords";

/** What the one thing is called that a budget is for, once that is known. */
export function useSubjectName({ scope, subjectId }: Budget): Subject {
  const id = subjectId ?? "";
  const workspaces = useQuery({ ...everyWorkspaceQuery, enabled: scope === "workspace" });
  const turn = useQuery({ ...turnQuery(id), enabled: id !== "" && scope === "turn" });
  const conversationId = scope === "conversation" ? id : (turn.data?.conversationId ?? "");
  const detail = useQuery({
    ...conversationQuery(conversationId),
    enabled: conversationId !== "",
  });
  const isGone = isMissing(turn.error) || isMissing(detail.error);
  switch (scope) {
    case "user":
      return {};
    case "workspace": {
      const name = workspaces.data?.find((workspace) => workspace.id === id)?.name;
      return { name, isGone: workspaces.data !== undefined && name === undefined };
    }
    case "conversation":
      return { name: detail.data?.conversation.title, isGone };
    case "turn": {
      const asked = detail.data && questionsOf(detail.data).find((each) => each.id === id);
      return { name: asked?.label, isGone };
    }
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}
