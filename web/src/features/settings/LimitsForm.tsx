import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { keys } from "@/api/queries/keys";
import { updateWorkspace } from "@/api/queries/workspaces";
import type { System, Workspace } from "@/api/schema";
import {
  LIMITS,
  type Limit,
  type LimitKey,
  type LimitValues,
  mostFor,
  parseLimits,
  shownLimit,
  textsOf,
} from "@/lib/limitsForm";
import { Button } from "@/ui/Button";
import { ErrorState } from "@/ui/ErrorState";
import { Field } from "@/ui/Field";
import { toast } from "@/ui/Toast";
import { UnitInput } from "@/ui/UnitInput";

/** The limits of a workspace's runs; an empty field leaves the server's. */
export function LimitsForm({ workspace, system }: { workspace: Workspace; system: System }) {
  const [texts, setTexts] = useState(() => textsOf(workspace.settings?.limits));
  const [problems, setProblems] = useState<{ readonly [K in LimitKey]?: string }>({});
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: (limits: LimitValues) => updateWorkspace(workspace.id, { settings: { limits } }),
    onSuccess: (saved) => {
      client.setQueryData(keys.workspace(workspace.id), saved);
      setTexts(textsOf(saved.settings?.limits));
      toast.success("The limits are saved");
    },
  });
  const most = mostFor(system);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const read = parseLimits(texts, most);
    setProblems("problems" in read ? read.problems : {});
    if ("values" in read) save.mutate(read.values);
  };
  return (
    <form onSubmit={submit} aria-label="Limits" className="flex flex-col gap-5">
      <p className="max-w-prose text-muted">
        What a run in this workspace may use. An empty field leaves what this server sets. A run
        that reaches a limit is stopped and says which.
      </p>
      <div className="grid gap-x-5 gap-y-4 sm:grid-cols-2">
        {LIMITS.map((limit) => (
          <Field
            key={limit.key}
            label={limit.label}
            hint={hintOf(limit, most)}
            error={problems[limit.key]}
          >
            {(control) => (
              <UnitInput
                {...control}
                unit={limit.unit}
                placeholder={shownLimit(limit, system.limits?.[limit.key])}
                value={texts[limit.key] ?? ""}
                onChange={(event) => setTexts({ ...texts, [limit.key]: event.target.value })}
              />
            )}
          </Field>
        ))}
      </div>
      {save.isError ? <ErrorState error={save.error} /> : null}
      <footer className="flex justify-end gap-2">
        <Button
          onClick={() => {
            setTexts({});
            setProblems({});
          }}
        >
          Empty all
        </Button>
        <Button type="submit" variant="primary" busy={save.isPending}>
          Save limits
        </Button>
      </footer>
    </form>
  );
}

/** What a limit is for, and the most that may be set. */
function hintOf(limit: Limit, most: LimitValues): string {
  const value = most[limit.key];
  if (value == null) return limit.meaning;
  return `${limit.meaning} At most ${shownLimit(limit, value)} ${limit.unit}.`;
}
