import { useQuery } from "@tanstack/react-query";
import { conversationQuery, turnQuery } from "@/api/queries/conversations";
import type { Budget, Workspace } from "@/api/schema";
import { questionsOf } from "@/lib/budgetWords";

/** What the one thing is called that a budget is for; nothing when it has none, or it is gone. */
export function useSubjectName(
  { scope, subjectId }: Budget,
  workspaces: readonly Workspace[],
): string | undefined {
  const id = subjectId ?? "";
  const turn = useQuery({ ...turnQuery(id), enabled: id !== "" && scope === "turn" });
  const conversationId = scope === "conversation" ? id : (turn.data?.conversationId ?? "");
  const detail = useQuery({
    ...conversationQuery(conversationId),
    enabled: conversationId !== "",
  });
  switch (scope) {
    case "user":
      return undefined;
    case "workspace":
      return workspaces.find((workspace) => workspace.id === id)?.name;
    case "conversation":
      return detail.data?.conversation.title;
    case "turn":
      return detail.data && questionsOf(detail.data).find((question) => question.id === id)?.label;
  }
}
