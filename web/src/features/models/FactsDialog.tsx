import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { keys } from "@/api/queries/keys";
import { setModel } from "@/api/queries/models";
import type { Model } from "@/api/schema";
import {
  emptyPrices,
  factsOf,
  PRICE_FIELDS,
  type PriceProblems,
  priceProblems,
  pricesOf,
} from "@/lib/priceForm";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorState } from "@/ui/ErrorState";
import { Field } from "@/ui/Field";
import { toast } from "@/ui/Toast";
import { UnitInput } from "@/ui/UnitInput";

/** Says what a model costs, over what its provider and the published table say. */
export function PriceDialog({ model, onClose }: { model: Model; onClose: () => void }) {
  const [texts, setTexts] = useState(() => pricesOf(model));
  const [problems, setProblems] = useState<PriceProblems>({});
  const form = useId();
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: (prices: typeof texts) => setModel(model.providerId, model.model, factsOf(prices)),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: keys.models });
      await client.invalidateQueries({ queryKey: keys.modelRoute });
      void client.invalidateQueries({ queryKey: keys.providers });
      toast.success(`The price of ${model.model} is saved`);
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const found = priceProblems(texts);
    setProblems(found);
    if (Object.keys(found).length === 0) save.mutate(texts);
  };
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={`Price of ${model.model}`}
      description="US dollars for a million tokens. It counts from the next request on."
      footer={
        <>
          {model.priceSource === "person" ? (
            <Button
              className="mr-auto"
              disabled={save.isPending}
              onClick={() => save.mutate(emptyPrices())}
            >
              Forget my price
            </Button>
          ) : null}
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" type="submit" form={form} busy={save.isPending}>
            Save price
          </Button>
        </>
      }
    >
      <form id={form} noValidate onSubmit={submit} className="flex flex-col gap-4">
        <div className="grid gap-4 sm:grid-cols-2">
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
        </div>
        {save.isError ? <ErrorState error={save.error} /> : null}
      </form>
    </Dialog>
  );
}
