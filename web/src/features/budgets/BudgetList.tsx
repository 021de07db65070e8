import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Pencil, Plus, Trash2, Wallet } from "lucide-react";
import { useState } from "react";
import { budgetsQuery, deleteBudget } from "@/api/queries/budgets";
import { keys } from "@/api/queries/keys";
import type { Budget } from "@/api/schema";
import { type BudgetBar, budgetBars, budgetTitle, resetWords } from "@/lib/budgetWords";
import { AlertDialog } from "@/ui/AlertDialog";
import { Button } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { IconButton } from "@/ui/IconButton";
import { ListFrame } from "@/ui/ListFrame";
import { toast } from "@/ui/Toast";
import { BudgetDialog } from "./BudgetDialog";
import { useSubjectName } from "./useSubjectName";

/** What models may use and cost, with what is used of it. */
export function BudgetList() {
  const budgets = useQuery(budgetsQuery);
  // The budget in the dialog; "new" for one that isn't there yet.
  const [editing, setEditing] = useState<Budget | "new">();
  const items = budgets.data?.items ?? [];
  const add = (
    <Button variant="primary" icon={<Plus />} onClick={() => setEditing("new")}>
      Add budget
    </Button>
  );
  return (
    <>
      <ListFrame
        query={budgets}
        isEmpty={items.length === 0}
        icon={<Wallet />}
        title="No budget: nothing is limited"
        empty="A budget limits what models may use, in money or tokens. The most that a request can cost is reserved before it leaves, so the limit holds."
        add={add}
      >
        <ul aria-label="Budgets" className="flex flex-col gap-3">
          {items.map((budget) => (
            <li key={budget.id}>
              <BudgetCard budget={budget} onEdit={() => setEditing(budget)} />
            </li>
          ))}
        </ul>
      </ListFrame>
      {editing ? (
        <BudgetDialog
          budget={editing === "new" ? undefined : editing}
          onClose={() => setEditing(undefined)}
        />
      ) : null}
    </>
  );
}

function BudgetCard({ budget, onEdit }: { budget: Budget; onEdit: () => void }) {
  const title = budgetTitle(budget, useSubjectName(budget));
  const [deleting, setDeleting] = useState(false);
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => deleteBudget(budget.id),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: keys.budgets });
      void client.invalidateQueries({ queryKey: keys.modelRoute });
      toast.success("The budget is gone");
    },
    onError: (error) => toast.error(error),
    onSettled: () => setDeleting(false),
  });
  const reset = resetWords(budget.resetsAt);
  return (
    <Card className="flex flex-col gap-3 p-4">
      <div className="flex items-start gap-3">
        <h2 className="min-w-0 flex-1 font-semibold text-md [overflow-wrap:anywhere]">{title}</h2>
        <IconButton
          size="sm"
          label={`Change the budget: ${title}`}
          icon={<Pencil />}
          onClick={onEdit}
        />
        <IconButton
          size="sm"
          label={`Remove the budget: ${title}`}
          icon={<Trash2 />}
          onClick={() => setDeleting(true)}
        />
      </div>
      {budgetBars(budget).map((bar) => (
        <Bar key={bar.unit} bar={bar} />
      ))}
      {reset ? <p className="text-muted text-sm">{reset}.</p> : null}
      <AlertDialog
        open={deleting}
        onOpenChange={setDeleting}
        title="Remove this budget?"
        confirm="Remove budget"
        danger
        busy={remove.isPending}
        onConfirm={() => remove.mutate()}
      >
        {title}: what it limited is limited no longer. The usage stays.
      </AlertDialog>
    </Card>
  );
}

function Bar({ bar }: { bar: BudgetBar }) {
  if (bar.used === undefined) {
    return (
      <p>
        At most <strong className="font-semibold tabular-nums">{bar.limit}</strong>
        <span className="text-muted"> for each; each is counted apart.</span>
      </p>
    );
  }
  const words = `${bar.used} used${bar.reserved ? `, ${bar.reserved} reserved` : ""} of ${bar.limit}`;
  const isShort = bar.usedPercent + bar.reservedPercent >= 90;
  return (
    <div className="flex flex-col gap-1.5">
      <p className="text-sm tabular-nums">{words}</p>
      {/* The line above says it all. */}
      <div aria-hidden className="flex h-2 overflow-hidden rounded-full bg-pressed">
        <div
          className={isShort ? "h-full bg-danger-fill" : "h-full bg-accent-fill"}
          style={{ width: `${bar.usedPercent}%` }}
        />
        <div
          className={
            isShort ? "h-full bg-danger-fill opacity-45" : "h-full bg-accent-fill opacity-45"
          }
          style={{ width: `${bar.reservedPercent}%` }}
        />
      </div>
    </div>
  );
}
