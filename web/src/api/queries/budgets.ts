import { queryOptions } from "@tanstack/react-query";
import { call } from "../client";
import type { CreateBudget, UpdateBudget } from "../schema";
import { keys } from "./keys";

/** What models may use, with what is used of it. */
export const budgetsQuery = queryOptions({
  queryKey: keys.budgets,
  queryFn: ({ signal }) => call("get", "/api/budgets", { signal }),
});

export function createBudget(budget: CreateBudget) {
  return call("post", "/api/budgets", { body: budget });
}

export function updateBudget(id: string, limits: UpdateBudget) {
  return call("patch", "/api/budgets/{id}", { path: { id }, body: limits });
}

export function deleteBudget(id: string) {
  return call("delete", "/api/budgets/{id}", { path: { id } });
}
