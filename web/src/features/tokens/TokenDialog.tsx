import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { keys } from "@/api/queries/keys";
import { createToken } from "@/api/queries/tokens";
import { everyWorkspaceQuery } from "@/api/queries/workspaces";
import type { CreatedToken } from "@/api/schema";
import { choiceProblem, clientSettings, LIVES } from "@/lib/tokenWords";
import { LONGEST_NAME } from "@/lib/workspaceName";
import { Button } from "@/ui/Button";
import { Choice } from "@/ui/Choice";
import { CopyCode } from "@/ui/CopyCode";
import { Dialog } from "@/ui/Dialog";
import { ErrorState } from "@/ui/ErrorState";
import { Field } from "@/ui/Field";
import { focusProblem } from "@/ui/focusProblem";
import { Input } from "@/ui/Input";
import { ModelChoice } from "./ModelChoice";

interface Texts {
  readonly name: string;
  readonly life: string;
  readonly workspaceId: string;
  /** The models it may ask; all when undefined. */
  readonly models: readonly string[] | undefined;
}

interface Problems {
  readonly name?: string;
  readonly models?: string;
}

/** Makes an access token and shows what proves it, this once. */
export function TokenDialog({ onClose }: { onClose: () => void }) {
  const [texts, setTexts] = useState<Texts>({
    name: "",
    life: "90",
    workspaceId: "",
    models: undefined,
  });
  const [problems, setProblems] = useState<Problems>({});
  const form = useId();
  const client = useQueryClient();
  const create = useMutation({
    mutationFn: createToken,
    onSuccess: () => client.invalidateQueries({ queryKey: keys.tokens }),
    // The only copy of what proves it must not outlive the dialog.
    gcTime: 0,
  });
  if (create.data) return <NewToken created={create.data} onClose={onClose} />;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = texts.name.trim();
    const models = texts.models && choiceProblem(texts.models);
    setProblems({
      ...(name === "" ? { name: "Give it a name, such as the program that uses it." } : {}),
      ...(models ? { models } : {}),
    });
    if (name === "" || models) {
      focusProblem(event.currentTarget);
      return;
    }
    const days = LIVES.find(({ id }) => id === texts.life)?.days;
    create.mutate({
      name,
      ...(texts.workspaceId ? { workspaceId: texts.workspaceId } : {}),
      ...(texts.models ? { models: [...texts.models] } : {}),
      ...(days === undefined ? {} : { expiresInDays: days }),
    });
  };
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Create an access token"
      description="It is good for asking models under /v1, and for nothing else."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" type="submit" form={form} busy={create.isPending}>
            Create token
          </Button>
        </>
      }
    >
      <form id={form} noValidate onSubmit={submit} className="flex flex-col gap-4">
        <Fields
          texts={texts}
          problems={problems}
          onChange={(some) => setTexts({ ...texts, ...some })}
        />
        {create.isError ? <ErrorState error={create.error} /> : null}
      </form>
    </Dialog>
  );
}

function Fields({
  texts,
  problems,
  onChange,
}: {
  texts: Texts;
  problems: Problems;
  onChange: (some: Partial<Texts>) => void;
}) {
  const workspaces = useQuery(everyWorkspaceQuery);
  return (
    <>
      <Field label="Name" error={problems.name}>
        {(control) => (
          <Input
            {...control}
            placeholder="Editor on my laptop"
            maxLength={LONGEST_NAME}
            autoComplete="off"
            value={texts.name}
            onChange={(event) => onChange({ name: event.target.value })}
          />
        )}
      </Field>
      <Choice
        label="How long it is good"
        value={texts.life}
        items={LIVES}
        onChange={(life) => onChange({ life })}
      />
      <Choice
        label="Counts for"
        hint="Whose budgets and secrets hold for it, besides yours."
        value={texts.workspaceId}
        query={workspaces}
        items={(workspaces.data ?? [])
          .filter(({ archivedAt }) => !archivedAt)
          .map(({ id, name }) => ({ id, label: name }))}
        first="No workspace"
        onChange={(workspaceId) => onChange({ workspaceId })}
      />
      <ModelChoice
        chosen={texts.models}
        problem={problems.models}
        onChange={(models) => onChange({ models })}
      />
    </>
  );
}

/** What proves a new token. Nobody sees it again. */
function NewToken({ created, onClose }: { created: CreatedToken; onClose: () => void }) {
  return (
    <Dialog
      open
      // A stray click must not lose what is shown only once.
      locked
      onOpenChange={onClose}
      title={`“${created.token.name}” is made`}
      description="Copy it now. It is not shown again; only its hash is kept."
      footer={
        <Button variant="primary" onClick={onClose}>
          I have copied it
        </Button>
      }
    >
      <div className="flex flex-col gap-4">
        <div>
          <p className="mb-1.5 font-medium">The token</p>
          <CopyCode text={created.secret} label="Copy the token" />
        </div>
        <div>
          <p className="mb-1.5 font-medium">For a program that speaks OpenAI's interface</p>
          <CopyCode
            text={clientSettings(window.location.origin, created.secret)}
            label="Copy the settings"
          />
        </div>
      </div>
    </Dialog>
  );
}
