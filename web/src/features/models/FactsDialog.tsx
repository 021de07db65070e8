import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import { keys } from "@/api/queries/keys";
import { setModel } from "@/api/queries/models";
import type { Model, SetModel } from "@/api/schema";
import {
  type FactProblems,
  factProblems,
  factsOf,
  longPriceWords,
  PRICE_FIELDS,
  SIZE_FIELDS,
  THEIR_PRICES,
  textsOf,
} from "@/lib/modelForm";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorState } from "@/ui/ErrorState";
import { Field } from "@/ui/Field";
import { focusProblem } from "@/ui/focusProblem";
import { toast } from "@/ui/Toast";
import { UnitInput } from "@/ui/UnitInput";

/** Says what a model costs and how large it is, over what others say of it. */
export function FactsDialog({ model, onClose }: { model: Model; onClose: () => void }) {
  const [texts, setTexts] = useState(() => textsOf(model));
  const [problems, setProblems] = useState<FactProblems>({});
  const long = longPriceWords(model);
  const form = useId();
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: (facts: SetModel) => setModel(model.providerId, model.model, facts),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: keys.models });
      await client.invalidateQueries({ queryKey: keys.modelRoute });
      void client.invalidateQueries({ queryKey: keys.providers });
      toast.success(`What you say of ${model.model} is saved`);
      onClose();
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const found = factProblems(texts);
    setProblems(found);
    if (Object.keys(found).length === 0) save.mutate(factsOf(texts, model));
    else focusProblem(event.currentTarget);
  };
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={`Facts of ${model.model}`}
      description="They count from the next request on. What is left empty is left to the provider and the published table."
      footer={
        <>
          {model.priceSource === "person" ? (
            <Button
              className="mr-auto"
              disabled={save.isPending}
              onClick={() => save.mutate(THEIR_PRICES)}
            >
              Forget my price
            </Button>
          ) : null}
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" type="submit" form={form} busy={save.isPending}>
            Save facts
          </Button>
        </>
      }
    >
      <form id={form} noValidate onSubmit={submit} className="flex flex-col gap-5">
        <Part legend="Price of a million tokens">
          {PRICE_FIELDS.map(({ key, label, isNeeded, hint }) => (
            <Field key={key} label={label} optional={!isNeeded} hint={hint} error={problems[key]}>
              {(control) => (
                <UnitInput
                  {...control}
                  unit="dollars"
                  placeholder={isNeeded ? "unknown" : "as input"}
                  value={texts[key]}
                  onChange={(event) => setTexts({ ...texts, [key]: event.target.value })}
                />
              )}
            </Field>
          ))}
        </Part>
        {long ? <p className="text-muted text-sm">{long}</p> : null}
        <Part legend="Size">
          {SIZE_FIELDS.map(({ key, label, unit, hint }) => (
            <Field key={key} label={label} hint={hint} error={problems[key]}>
              {(control) => (
                <UnitInput
                  {...control}
                  unit={unit}
                  inputMode={key === "parameters" ? "decimal" : "numeric"}
                  placeholder="unknown"
                  value={texts[key]}
                  onChange={(event) => setTexts({ ...texts, [key]: event.target.value })}
                />
              )}
            </Field>
          ))}
        </Part>
        {save.isError ? <ErrorState error={save.error} /> : null}
      </form>
    </Dialog>
  );
}

function Part({ legend, children }: { legend: string; children: ReactNode }) {
  return (
    <fieldset>
      <legend className="mb-2.5 font-semibold">{legend}</legend>
      <div className="grid gap-4 sm:grid-cols-2">{children}</div>
    </fieldset>
  );
}
