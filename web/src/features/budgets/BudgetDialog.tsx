import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { createBudget, updateBudget } from "@/api/queries/budgets";
import { keys } from "@/api/queries/keys";
import type { Budget } from "@/api/schema";
import {
  type BudgetLimits,
  type BudgetProblems,
  type BudgetTexts,
  readBudget,
  subjectOf,
} from "@/lib/budgetWords";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorState } from "@/ui/ErrorState";
import { Field } from "@/ui/Field";
import { focusProblem } from "@/ui/focusProblem";
import { toast } from "@/ui/Toast";
import { UnitInput } from "@/ui/UnitInput";
import { BudgetSubject } from "./BudgetSubject";

/** Sets a budget, or changes the limits of one. */
export function BudgetDialog({
  budget,
  onClose,
}: {
  budget: Budget | undefined;
  onClose: () => void;
}) {
  const [texts, setTexts] = useState<BudgetTexts>(() => ({
    scope: budget?.scope ?? "user",
    isOne: false,
    workspaceId: budget?.subjectId ?? "",
    conversationId: "",
    turnId: "",
    period: budget?.period ?? "month",
    usd: budget?.limitUsd ?? "",
    tokens: budget?.limitTokens?.toString() ?? "",
  }));
  const [problems, setProblems] = useState<BudgetProblems>({});
  const form = useId();
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: (limits: BudgetLimits) =>
      budget ? updateBudget(budget.id, limits) : createBudget(creationOf(texts, limits)),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: keys.budgets });
      void client.invalidateQueries({ queryKey: keys.modelRoute });
      toast.success("The budget is saved");
      onClose();
    },
  });
  const change = (some: Partial<BudgetTexts>) => setTexts({ ...texts, ...some });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const read = readBudget(texts);
    setProblems("problems" in read ? read.problems : {});
    if ("limits" in read) save.mutate(read.limits);
    else focusProblem(event.currentTarget);
  };
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={budget ? "Change a budget" : "Add a budget"}
      description="A request that could pass the limit is refused before anything leaves."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" type="submit" form={form} busy={save.isPending}>
            Save budget
          </Button>
        </>
      }
    >
      <form id={form} noValidate onSubmit={submit} className="flex flex-col gap-4">
        {budget ? null : <BudgetSubject texts={texts} problems={problems} onChange={change} />}
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label="Money" optional error={problems.usd}>
            {(control) => (
              <UnitInput
                {...control}
                unit="dollars"
                placeholder="no limit"
                value={texts.usd}
                onChange={(event) => change({ usd: event.target.value })}
              />
            )}
          </Field>
          <Field label="Tokens" optional error={problems.tokens} hint="Sent and answered.">
            {(control) => (
              <UnitInput
                {...control}
                unit="tokens"
                inputMode="numeric"
                placeholder="no limit"
                value={texts.tokens}
                onChange={(event) => change({ tokens: event.target.value })}
              />
            )}
          </Field>
        </div>
        {save.isError ? <ErrorState error={save.error} /> : null}
      </form>
    </Dialog>
  );
}

function creationOf(texts: BudgetTexts, limits: BudgetLimits) {
  const { scope, period } = texts;
  const subjectId = subjectOf(texts);
  return { scope, period, ...limits, ...(subjectId === undefined ? {} : { subjectId }) };
}
