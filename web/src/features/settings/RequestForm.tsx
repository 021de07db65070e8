import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { keys } from "@/api/queries/keys";
import { updateWorkspace } from "@/api/queries/workspaces";
import type { RequestRules, Workspace } from "@/api/schema";
import { Button } from "@/ui/Button";
import { ErrorState } from "@/ui/ErrorState";
import { Field } from "@/ui/Field";
import { Select } from "@/ui/Select";
import { toast } from "@/ui/Toast";
import { UnitInput } from "@/ui/UnitInput";
import { type RequestProblems, readRequestRules, requestTexts } from "./requestRules";

/** What happens to a request that holds a secret, and how long requests are kept. */
export function RequestForm({ workspace }: { workspace: Workspace }) {
  const [texts, setTexts] = useState(() => requestTexts(workspace.settings?.requests));
  const [problems, setProblems] = useState<RequestProblems>({});
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: (requests: RequestRules) =>
      updateWorkspace(workspace.id, { settings: { requests } }),
    onSuccess: (saved) => {
      client.setQueryData(keys.workspace(workspace.id), saved);
      setTexts(requestTexts(saved.settings?.requests));
      toast.success("The rules are saved");
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const read = readRequestRules(texts);
    setProblems("problems" in read ? read.problems : {});
    if ("rules" in read) save.mutate(read.rules);
  };
  return (
    <form onSubmit={submit} aria-label="Requests to models" className="flex flex-col gap-4">
      <h3 className="font-semibold">Requests to models</h3>
      <Field
        label="When a request holds a secret"
        hint="One that is attached to the request on purpose passes."
      >
        {(control) => (
          <Select
            {...control}
            value={texts.secrets}
            onChange={(event) =>
              setTexts({
                ...texts,
                secrets: event.target.value === "refuse" ? "refuse" : "replace",
              })
            }
          >
            <option value="replace">Replace it by [secret NAME] and send the rest</option>
            <option value="refuse">Refuse the request</option>
          </Select>
        )}
      </Field>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Keep what was sent for" hint="0 keeps nothing." error={problems.keepDays}>
          {(control) => (
            <UnitInput
              {...control}
              unit="days"
              inputMode="numeric"
              placeholder="30"
              value={texts.keepDays}
              onChange={(event) => setTexts({ ...texts, keepDays: event.target.value })}
            />
          )}
        </Field>
        <Field label="And at most" hint="The latest are kept." error={problems.keepMb}>
          {(control) => (
            <UnitInput
              {...control}
              unit="MiB"
              inputMode="numeric"
              placeholder="256"
              value={texts.keepMb}
              onChange={(event) => setTexts({ ...texts, keepMb: event.target.value })}
            />
          )}
        </Field>
      </div>
      {save.isError ? <ErrorState error={save.error} /> : null}
      <footer className="flex justify-end">
        <Button type="submit" variant="primary" busy={save.isPending}>
          Save rules
        </Button>
      </footer>
    </form>
  );
}
