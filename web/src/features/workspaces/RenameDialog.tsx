import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { keys } from "@/api/queries/keys";
import { updateWorkspace } from "@/api/queries/workspaces";
import type { Workspace } from "@/api/schema";
import { LONGEST_NAME } from "@/lib/workspaceName";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorState } from "@/ui/ErrorState";
import { Field } from "@/ui/Field";
import { Input } from "@/ui/Input";

export function RenameDialog({
  workspace,
  onClose,
}: {
  workspace: Workspace;
  onClose: () => void;
}) {
  const [name, setName] = useState(workspace.name);
  const form = useId();
  const queryClient = useQueryClient();
  const rename = useMutation({
    mutationFn: () => updateWorkspace(workspace.id, { name: name.trim() }),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: keys.workspaces });
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() === workspace.name) onClose();
    else if (name.trim() !== "") rename.mutate();
  };
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Rename workspace"
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            variant="primary"
            type="submit"
            form={form}
            busy={rename.isPending}
            disabled={name.trim() === ""}
          >
            Rename
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit} className="flex flex-col gap-4">
        <Field label="Name">
          {(control) => (
            <Input
              {...control}
              value={name}
              maxLength={LONGEST_NAME}
              autoComplete="off"
              onFocus={(event) => event.target.select()}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        {rename.isError ? <ErrorState error={rename.error} /> : null}
      </form>
    </Dialog>
  );
}
