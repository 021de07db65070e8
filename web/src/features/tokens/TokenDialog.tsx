import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { keys } from "@/api/queries/keys";
import { createToken } from "@/api/queries/tokens";
import type { CreatedToken, Workspace } from "@/api/schema";
import { clientSettings, LIVES, readModels } from "@/lib/tokenWords";
import { LONGEST_NAME } from "@/lib/workspaceName";
import { Button } from "@/ui/Button";
import { CopyCode } from "@/ui/CopyCode";
import { Dialog } from "@/ui/Dialog";
import { ErrorState } from "@/ui/ErrorState";
import { Field } from "@/ui/Field";
import { Input, TextArea } from "@/ui/Input";
import { Select } from "@/ui/Select";

interface Texts {
  readonly name: string;
  readonly life: string;
  readonly workspaceId: string;
  readonly models: string;
}

/** Makes an access token and shows what proves it, this once. */
export function TokenDialog({
  workspaces,
  onClose,
}: {
  workspaces: readonly Workspace[];
  onClose: () => void;
}) {
  const [texts, setTexts] = useState<Texts>({
    name: "",
    life: "90",
    workspaceId: "",
    models: "",
  });
  const [problems, setProblems] = useState<{ name?: string; models?: string }>({});
  const form = useId();
  const client = useQueryClient();
  const create = useMutation({
    mutationFn: createToken,
    onSuccess: () => client.invalidateQueries({ queryKey: keys.tokens }),
    // The only copy of what proves it must not outlive the dialog.
    gcTime: 0,
  });
  if (create.data) return <NewToken created={create.data} onClose={onClose} />;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const name = texts.name.trim();
    const read = readModels(texts.models);
    setProblems({
      ...(name === "" ? { name: "Give it a name, such as the program that uses it." } : {}),
      ...("problem" in read ? { models: read.problem } : {}),
    });
    if (name === "" || "problem" in read) return;
    const days = LIVES.find(({ id }) => id === texts.life)?.days;
    create.mutate({
      name,
      ...(texts.workspaceId ? { workspaceId: texts.workspaceId } : {}),
      ...(read.models ? { models: read.models } : {}),
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
          workspaces={workspaces}
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
  workspaces,
  onChange,
}: {
  texts: Texts;
  problems: { name?: string; models?: string };
  workspaces: readonly Workspace[];
  onChange: (some: Partial<Texts>) => void;
}) {
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
      <Field label="How long it is good">
        {(control) => (
          <Select
            {...control}
            value={texts.life}
            onChange={(event) => onChange({ life: event.target.value })}
          >
            {LIVES.map(({ id, label }) => (
              <option key={id} value={id}>
                {label}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label="Counts for" hint="Whose budgets and secrets hold for it, besides yours.">
        {(control) => (
          <Select
            {...control}
            value={texts.workspaceId}
            onChange={(event) => onChange({ workspaceId: event.target.value })}
          >
            <option value="">No workspace</option>
            {workspaces.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field
        label="Models it may ask"
        optional
        hint="One a line, as /v1/models names them. Empty: all of them."
        error={problems.models}
      >
        {(control) => (
          <TextArea
            {...control}
            rows={2}
            spellCheck={false}
            className="font-mono text-sm"
            value={texts.models}
            onChange={(event) => onChange({ models: event.target.value })}
          />
        )}
      </Field>
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
