import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Plus, Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { keys } from "@/api/queries/keys";
import { updateWorkspace } from "@/api/queries/workspaces";
import type { UpdateSettings, Workspace } from "@/api/schema";
import { Button } from "@/ui/Button";
import { ErrorState } from "@/ui/ErrorState";
import { Field } from "@/ui/Field";
import { IconButton } from "@/ui/IconButton";
import { Input, TextArea } from "@/ui/Input";
import { toast } from "@/ui/Toast";
import { UnitInput } from "@/ui/UnitInput";
import { type CheckText, type RuleTexts, settingsOf, textsOf } from "./reviewRules";

/** What checks a proposal, what assistants may not touch, and what needs a typed yes. */
export function ReviewForm({ workspace }: { workspace: Workspace }) {
  const [texts, setTexts] = useState(() => textsOf(workspace.settings));
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: (settings: UpdateSettings) => updateWorkspace(workspace.id, { settings }),
    onSuccess: (saved) => {
      client.setQueryData(keys.workspace(workspace.id), saved);
      void client.invalidateQueries({ queryKey: ["proposal"] });
      setTexts(textsOf(saved.settings));
      toast.success("The rules are saved");
    },
  });
  const change = (some: Partial<RuleTexts>) => setTexts({ ...texts, ...some });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(settingsOf(texts));
  };
  return (
    <form onSubmit={submit} aria-label="Review" className="flex flex-col gap-5">
      <Checks checks={texts.checks} onChange={(checks) => change({ checks })} />
      <Field
        label="Locked paths"
        hint="One a line: keys/, *.lock, src/**/generated.rs. An assistant can't propose to change them; you can."
      >
        {(control) => (
          <TextArea
            {...control}
            rows={4}
            spellCheck={false}
            className="font-mono text-sm"
            value={texts.lockedPaths}
            onChange={(event) => change({ lockedPaths: event.target.value })}
          />
        )}
      </Field>
      <fieldset>
        <legend className="font-medium">Ask me to type a confirmation</legend>
        <p className="mt-1 mb-3 max-w-prose text-muted text-sm">
          When applying a proposal would lose more than this. An empty field leaves the usual.
        </p>
        <div className="grid gap-x-5 gap-y-4 sm:grid-cols-3">
          <Amount
            label="Deleted files"
            unit="files"
            usual="10"
            value={texts.deletedFiles}
            onValue={(deletedFiles) => change({ deletedFiles })}
          />
          <Amount
            label="Of one file's lines"
            unit="%"
            usual="50"
            value={texts.lostPercent}
            onValue={(lostPercent) => change({ lostPercent })}
          />
          <Amount
            label="Lines together"
            unit="lines"
            usual="2000"
            value={texts.totalLines}
            onValue={(totalLines) => change({ totalLines })}
          />
        </div>
      </fieldset>
      {save.isError ? <ErrorState error={save.error} /> : null}
      <footer className="flex justify-end">
        <Button type="submit" variant="primary" busy={save.isPending}>
          Save rules
        </Button>
      </footer>
    </form>
  );
}

function Checks({
  checks,
  onChange,
}: {
  checks: readonly CheckText[];
  onChange: (checks: readonly CheckText[]) => void;
}) {
  const set = (id: number, some: Partial<CheckText>) =>
    onChange(checks.map((check) => (check.id === id ? { ...check, ...some } : check)));
  const add = () =>
    onChange([
      ...checks,
      { id: Math.max(-1, ...checks.map(({ id }) => id)) + 1, name: "", line: "" },
    ]);
  return (
    <fieldset>
      <legend className="font-medium">Checks</legend>
      <p className="mt-1 mb-3 max-w-prose text-muted text-sm">
        Commands that are run on a proposal in a draft, before you decide. One passes when it exits
        with 0.
      </p>
      <ul className="flex flex-col gap-2">
        {checks.map(({ id, name, line }, index) => (
          <li key={id} className="flex flex-wrap items-center gap-2">
            <Input
              aria-label={`Name of check ${index + 1}`}
              placeholder="Tests"
              maxLength={60}
              className="w-36! max-sm:flex-1"
              value={name}
              onChange={(event) => set(id, { name: event.target.value })}
            />
            <Input
              aria-label={`Command of check ${index + 1}`}
              placeholder="npm test"
              spellCheck={false}
              className="min-w-40 flex-1 font-mono text-sm max-sm:order-last max-sm:basis-full"
              value={line}
              onChange={(event) => set(id, { line: event.target.value })}
            />
            <IconButton
              label={`Remove check ${index + 1}`}
              icon={<Trash2 />}
              onClick={() => onChange(checks.filter((check) => check.id !== id))}
            />
          </li>
        ))}
      </ul>
      <Button size="sm" icon={<Plus />} onClick={add} className="mt-2">
        Add a check
      </Button>
    </fieldset>
  );
}

function Amount({
  label,
  unit,
  usual,
  value,
  onValue,
}: {
  label: string;
  unit: string;
  usual: string;
  value: string;
  onValue: (value: string) => void;
}) {
  return (
    <Field label={label}>
      {(control) => (
        <UnitInput
          {...control}
          unit={unit}
          inputMode="numeric"
          placeholder={usual}
          value={value}
          onChange={(event) => onValue(event.target.value)}
        />
      )}
    </Field>
  );
}
