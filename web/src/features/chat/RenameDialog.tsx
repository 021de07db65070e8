import { type FormEvent, useState } from "react";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field } from "@/ui/Field";
import { Input } from "@/ui/Input";

/** Asks for a conversation's new title. */
export function RenameDialog({
  title,
  busy,
  onRename,
  onClose,
}: {
  title: string;
  busy: boolean;
  onRename: (title: string) => void;
  onClose: () => void;
}) {
  const [value, setValue] = useState(title);
  const isGood = value.trim() !== "" && [...value].length <= 120;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isGood) onRename(value.trim());
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title="Rename the conversation"
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            form="rename-conversation"
            variant="primary"
            busy={busy}
            disabled={!isGood}
          >
            Rename
          </Button>
        </>
      }
    >
      <form id="rename-conversation" onSubmit={submit}>
        <Field label="Title">
          {(control) => (
            <Input
              {...control}
              value={value}
              maxLength={120}
              onChange={(event) => setValue(event.target.value)}
            />
          )}
        </Field>
      </form>
    </Dialog>
  );
}
