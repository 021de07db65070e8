import { type FormEvent, useState } from "react";
import { useAllow } from "@/api/useAllow";
import { PERIODS, type Period, parseGrant, untilOf } from "@/lib/grantForm";
import { Button } from "@/ui/Button";
import { ErrorState } from "@/ui/ErrorState";
import { Field } from "@/ui/Field";
import { Input } from "@/ui/Input";
import { Select } from "@/ui/Select";

/** Names a host that programs may reach, and for how long. */
export function AddHost({ workspaceId }: { workspaceId: string }) {
  const [text, setText] = useState("");
  const [period, setPeriod] = useState<Period>("always");
  const [problem, setProblem] = useState<string>();
  const allow = useAllow(workspaceId);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const read = parseGrant(text);
    if ("problem" in read) {
      setProblem(read.problem);
      return;
    }
    allow.mutate(
      { resource: read.resource, until: untilOf(period) },
      { onSuccess: () => setText("") },
    );
  };
  return (
    <form onSubmit={submit} aria-label="Allow a host" className="flex flex-col gap-2.5">
      <div className="grid items-start gap-2.5 sm:grid-cols-[1fr_13rem_auto]">
        <Field
          label="Host"
          hint="Such as api.example.org, example.org:8443 or *.example.org."
          error={problem}
        >
          {(control) => (
            <Input
              {...control}
              value={text}
              spellCheck={false}
              autoComplete="off"
              autoCapitalize="off"
              onChange={(event) => {
                setText(event.target.value);
                setProblem(undefined);
              }}
            />
          )}
        </Field>
        <Field label="How long">
          {(control) => (
            <Select
              {...control}
              value={period}
              onChange={(event) => {
                const next = PERIODS.find(({ id }) => id === event.target.value);
                if (next) setPeriod(next.id);
              }}
            >
              {PERIODS.map(({ id, label }) => (
                <option key={id} value={id}>
                  {label}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <Button type="submit" busy={allow.isPending} className="sm:mt-6.5">
          Allow
        </Button>
      </div>
      {allow.isError ? <ErrorState error={allow.error} /> : null}
    </form>
  );
}
