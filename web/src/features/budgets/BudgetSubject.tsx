import { useQuery } from "@tanstack/react-query";
import { conversationQuery, conversationsQuery } from "@/api/queries/conversations";
import type { Workspace } from "@/api/schema";
import {
  type BudgetProblems,
  type BudgetTexts,
  PERIODS,
  questionsOf,
  SCOPES,
} from "@/lib/budgetWords";
import { Field } from "@/ui/Field";
import { Select } from "@/ui/Select";

interface Part {
  texts: BudgetTexts;
  problems: BudgetProblems;
  onChange: (some: Partial<BudgetTexts>) => void;
}

/** What a budget is for and after what it begins anew; neither changes later. */
export function BudgetSubject({
  workspaces,
  ...part
}: Part & { workspaces: readonly Workspace[] }) {
  const { texts, problems, onChange } = part;
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
      {isOne ? (
        <Choice
          label="Workspace"
          value={texts.workspaceId}
          error={problems.workspaceId}
          items={workspaces.map(({ id, name }) => ({ id, label: name }))}
          isEmptyFirst
          onChange={(workspaceId) => onChange({ workspaceId, conversationId: "", turnId: "" })}
        />
      ) : null}
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

/** One of a workspace's conversations, and one of its questions when it is for that. */
function Conversation({ texts, problems, onChange }: Part) {
  const { workspaceId, conversationId, turnId } = texts;
  const conversations = useQuery({
    ...conversationsQuery(workspaceId),
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
        items={(workspaceId === "" ? [] : (conversations.data?.items ?? [])).map(
          ({ id, title }) => ({ id, label: title }),
        )}
        isEmptyFirst
        onChange={(id) => onChange({ conversationId: id, turnId: "" })}
      />
      {texts.scope === "turn" ? (
        <Choice
          label="Question"
          value={turnId}
          error={problems.turnId}
          items={conversationId === "" || !detail.data ? [] : questionsOf(detail.data)}
          isEmptyFirst
          onChange={(id) => onChange({ turnId: id })}
        />
      ) : null}
    </>
  );
}

function Choice({
  label,
  value,
  items,
  error,
  isEmptyFirst = false,
  onChange,
}: {
  label: string;
  value: string;
  items: readonly { readonly id: string; readonly label: string }[];
  error?: string | undefined;
  /** Nothing is chosen at first. */
  isEmptyFirst?: boolean;
  onChange: (id: string) => void;
}) {
  return (
    <Field label={label} error={error}>
      {(control) => (
        <Select {...control} value={value} onChange={(event) => onChange(event.target.value)}>
          {isEmptyFirst ? <option value="">Choose one</option> : null}
          {items.map(({ id, label: words }) => (
            <option key={id} value={id}>
              {words}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}
