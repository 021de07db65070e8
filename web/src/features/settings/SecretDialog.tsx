import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { keys } from "@/api/queries/keys";
import { createSecret, updateSecret } from "@/api/queries/secrets";
import type { StoredSecret } from "@/api/schema";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorState } from "@/ui/ErrorState";
import { Field } from "@/ui/Field";
import { Input, TextArea } from "@/ui/Input";
import { toast } from "@/ui/Toast";
import { type SecretProblems, secretProblems } from "./secretForm";

/** Stores a secret, or a new value for one. What is stored is never shown. */
export function SecretDialog({
  secret,
  workspaceId,
  onClose,
}: {
  secret: StoredSecret | undefined;
  workspaceId: string | undefined;
  onClose: () => void;
}) {
  const [name, setName] = useState(secret?.name ?? "");
  const [value, setValue] = useState("");
  const [problems, setProblems] = useState<SecretProblems>({});
  const form = useId();
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: () =>
      secret
        ? updateSecret(secret.id, value)
        : createSecret({ name: name.trim(), value, ...(workspaceId ? { workspaceId } : {}) }),
    onSuccess: (stored) => {
      toast.success(
        secret ? `${stored.name} has its new value` : `${stored.name} is stored, sealed`,
      );
      onClose();
    },
    onSettled: () => client.invalidateQueries({ queryKey: keys.secrets }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const found = secretProblems(name.trim(), value);
    setProblems(found);
    if (Object.keys(found).length === 0) save.mutate();
  };
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={secret ? `Replace the value of ${secret.name}` : "Add a secret"}
      description="The value is sealed and never comes back: no page, log or export shows it."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" type="submit" form={form} busy={save.isPending}>
            {secret ? "Replace" : "Store"}
          </Button>
        </>
      }
    >
      <form id={form} noValidate onSubmit={submit} className="flex flex-col gap-4">
        {secret ? null : (
          <Field
            label="Name"
            hint="It stands where the value was: [secret NAME]."
            error={problems.name}
          >
            {(control) => (
              <Input
                {...control}
                className="font-mono"
                placeholder="DATABASE_PASSWORD"
                maxLength={64}
                autoComplete="off"
                spellCheck={false}
                value={name}
                onChange={(event) => setName(event.target.value)}
              />
            )}
          </Field>
        )}
        <Field label="Value" error={problems.value}>
          {(control) => (
            <TextArea
              {...control}
              rows={3}
              className="font-mono [-webkit-text-security:disc]"
              autoComplete="off"
              autoCapitalize="off"
              spellCheck={false}
              data-1p-ignore
              value={value}
              onChange={(event) => setValue(event.target.value)}
            />
          )}
        </Field>
        {save.isError ? <ErrorState error={save.error} /> : null}
      </form>
    </Dialog>
  );
}
