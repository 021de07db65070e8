import { OctagonAlert } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import type { Warning } from "@/api/schema";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field } from "@/ui/Field";
import { Input } from "@/ui/Input";

/** Asks for the typed words without which the server destroys nothing. */
export function ConfirmLoss({
  warning,
  isBusy,
  onConfirm,
  onCancel,
}: {
  warning: Warning;
  isBusy: boolean;
  onConfirm: (word: string) => void;
  onCancel: () => void;
}) {
  const [typed, setTyped] = useState("");
  const form = useId();
  const isRight = typed.trim() === warning.word;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isRight && !isBusy) onConfirm(warning.word);
  };
  return (
    <Dialog
      open
      onOpenChange={onCancel}
      title="This destroys a lot"
      footer={
        <>
          <Button onClick={onCancel}>Cancel</Button>
          <Button type="submit" form={form} variant="danger" busy={isBusy} disabled={!isRight}>
            Apply all the same
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit} className="flex flex-col gap-4">
        <Losses reasons={warning.reasons} />
        <Field
          label={`Type “${warning.word}”`}
          hint="It can be undone afterwards, through later edits too."
        >
          {(control) => (
            <Input
              {...control}
              autoComplete="off"
              autoCapitalize="off"
              spellCheck={false}
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
            />
          )}
        </Field>
      </form>
    </Dialog>
  );
}

/** What would be lost, a sentence each. */
export function Losses({ reasons }: { reasons: readonly string[] }) {
  return (
    <div className="flex items-start gap-2 rounded-md border border-danger/40 bg-danger-soft px-3 py-2 text-sm">
      <OctagonAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-danger" />
      <ul className="min-w-0 [overflow-wrap:anywhere]">
        {reasons.map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
      </ul>
    </div>
  );
}
