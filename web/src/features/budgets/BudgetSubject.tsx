import { useQuery } from "@tanstack/react-query";
import { conversationChoicesQuery, conversationQuery } from "@/api/queries/conversations";
import { everyWorkspaceQuery } from "@/api/queries/workspaces";
import {
  type BudgetProblems,
  type BudgetTexts,
  PERIODS,
  questionsOf,
  SCOPES,
} from "@/lib/budgetWords";
import { Choice } from "@/ui/Choice";

interface Part {
  texts: BudgetTexts;
  problems: BudgetProblems;
  onChange: (some: Partial<BudgetTexts>) => void;
}

/** What a budget is for and after what it begins anew; neither changes later. */
export function BudgetSubject(part: Part) {
  const { texts, onChange } = part;
  const isOne = texts.scope !== "user" && (texts.scope === "workspace" || texts.isOne);
  return (
    <>
      <Choice
        label="What for"
        value={texts.scope}
        items={SCOPES}
        onChange={(id) => {
          const scope = SCOPES.find((known) => known.id === id)?.id;
          if (scope) onChange({ scope });
        }}
      />
      {texts.scope === "conversation" || texts.scope === "turn" ? (
        <Choice
          label="Which"
          value={texts.isOne ? "one" : "each"}
          items={
            texts.scope === "turn"
              ? [
                  { id: "each", label: "Each question, counted apart" },
                  { id: "one", label: "One question" },
                ]
              : [
                  { id: "each", label: "Each conversation, counted apart" },
                  { id: "one", label: "One conversation" },
                ]
          }
          onChange={(id) => onChange({ isOne: id === "one" })}
        />
      ) : null}
      {isOne ? <WorkspaceChoice {...part} /> : null}
      {isOne && texts.scope !== "workspace" ? <Conversation {...part} /> : null}
      <Choice
        label="How long"
        value={texts.period}
        items={PERIODS}
        onChange={(id) => {
          const period = PERIODS.find((known) => known.id === id)?.id;
          if (period) onChange({ period });
        }}
      />
    </>
  );
}

function WorkspaceChoice({ texts, problems, onChange }: Part) {
  const workspaces = useQuery(everyWorkspaceQuery);
  return (
    <Choice
      label="Workspace"
      value={texts.workspaceId}
      error={problems.workspaceId}
      query={workspaces}
      items={(workspaces.data ?? [])
        .filter(({ archivedAt }) => !archivedAt)
        .map(({ id, name }) => ({ id, label: name }))}
      first="Choose one"
      none="There is no workspace in use."
      onChange={(workspaceId) => onChange({ workspaceId, conversationId: "", turnId: "" })}
    />
  );
}

/** One of a workspace's conversations, and one of its questions when it is for that. */
function Conversation({ texts, problems, onChange }: Part) {
  const { workspaceId, conversationId, turnId } = texts;
  const conversations = useQuery({
    ...conversationChoicesQuery(workspaceId),
    enabled: workspaceId !== "",
  });
  const detail = useQuery({
    ...conversationQuery(conversationId),
    enabled: conversationId !== "" && texts.scope === "turn",
  });
  return (
    <>
      <Choice
        label="Conversation"
        value={conversationId}
        error={problems.conversationId}
        query={workspaceId === "" ? undefined : conversations}
        items={(workspaceId === "" ? [] : (conversations.data ?? [])).map(({ id, title }) => ({
          id,
          label: title,
        }))}
        first="Choose one"
        none={workspaceId === "" ? undefined : "Nobody has asked anything in it yet."}
        onChange={(id) => onChange({ conversationId: id, turnId: "" })}
      />
      {texts.scope === "turn" ? (
        <Choice
          label="Question"
          value={turnId}
          error={problems.turnId}
          query={conversationId === "" ? undefined : detail}
          items={conversationId === "" || !detail.data ? [] : questionsOf(detail.data)}
          first="Choose one"
          none={conversationId === "" ? undefined : "Nobody has asked anything in it yet."}
          onChange={(id) => onChange({ turnId: id })}
        />
      ) : null}
    </>
  );
}
