/** The parts of the Models page. The one shown is the address's `?view=`. */
export const MODELS_VIEWS = [
  { id: "providers", label: "Providers" },
  { id: "local", label: "Local model" },
  { id: "tasks", label: "Defaults" },
  { id: "budgets", label: "Budgets" },
  { id: "tokens", label: "Access tokens" },
  { id: "secrets", label: "Secrets" },
  { id: "requests", label: "Requests" },
] as const;

export type ModelsView = (typeof MODELS_VIEWS)[number]["id"];

/** Reads the address; what isn't a view is nothing. */
export function modelsView(raw: unknown): ModelsView | undefined {
  return MODELS_VIEWS.find(({ id }) => id === raw)?.id;
}
