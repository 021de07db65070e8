/** Which models a task goes to, as it is chosen and as it is kept. */

export type Task =
  | "chat"
  | "plan"
  | "edit"
  | "debug"
  | "explain"
  | "refactor"
  | "complete"
  | "summarise"
  | "commit_message";

export type Prefer = "order" | "cheapest" | "fastest" | "local";

export interface ModelRef {
  readonly providerId: string;
  readonly model?: string | null | undefined;
}

/** The rule of one task. */
export interface TaskRule {
  readonly task: Task;
  readonly prefer: Prefer;
  readonly models?: readonly ModelRef[] | undefined;
}

/** What each task is for, in the order in which they stand. */
export const TASKS: readonly { readonly id: Task; readonly meaning: string }[] = [
  { id: "chat", meaning: "What you ask in the chat." },
  { id: "plan", meaning: "What is to be done, before it is." },
  { id: "edit", meaning: "Changes to files." },
  { id: "debug", meaning: "Looking for a fault." },
  { id: "explain", meaning: "What code does and why." },
  { id: "refactor", meaning: "Another shape, the same behaviour." },
  { id: "complete", meaning: "What you are typing, at each pause." },
  { id: "summarise", meaning: "Long things made short." },
  { id: "commit_message", meaning: "A description of what changed." },
];

export const PREFERENCES: readonly { readonly id: Prefer; readonly label: string }[] = [
  { id: "order", label: "Automatic: the first that fits" },
  { id: "cheapest", label: "The cheapest that fits" },
  { id: "fastest", label: "The fastest of late" },
  { id: "local", label: "One on my own hardware" },
];

/** What a task prefers when nobody says. */
export function usualOf(task: Task): Prefer {
  switch (task) {
    case "complete":
      return "local";
    case "summarise":
    case "commit_message":
      return "cheapest";
    default:
      return "order";
  }
}

/** The rules that differ from what the tasks come with: those alone are kept. */
export function changedRules(rules: readonly TaskRule[]): TaskRule[] {
  return rules.filter(
    ({ task, prefer, models = [] }) => models.length > 0 || prefer !== usualOf(task),
  );
}

/** The name of a model in a list of choices. */
export function refKey({ providerId, model }: ModelRef): string {
  return `${providerId}/${model ?? ""}`;
}

/** The model behind such a name. */
export function refOf(key: string): ModelRef | undefined {
  const slash = key.indexOf("/");
  if (slash < 0) return undefined;
  return { providerId: key.slice(0, slash), model: key.slice(slash + 1) || null };
}

/** What is chosen first: a preference, or a model by name. */
export function firstChoice({ prefer, models = [] }: TaskRule): string {
  const [first] = models;
  return prefer === "order" && first ? refKey(first) : prefer;
}

/** The rule after something was chosen first. A model keeps the one behind it. */
export function withFirst(rule: TaskRule, choice: string): TaskRule {
  const preference = PREFERENCES.find(({ id }) => id === choice);
  if (preference) return { task: rule.task, prefer: preference.id, models: [] };
  const model = refOf(choice);
  if (!model) return rule;
  const behind = (rule.prefer === "order" ? (rule.models ?? []) : [])
    .slice(1)
    .filter((one) => refKey(one) !== choice);
  return { task: rule.task, prefer: "order", models: [model, ...behind] };
}

/**
 * The rule after a second model was chosen, which takes over when the first
 * fails. What stands behind it stays, unless nothing else is to be asked.
 */
export function withSecond(rule: TaskRule, choice: string): TaskRule {
  const [first, , ...further] = rule.models ?? [];
  if (!first) return rule;
  const second = refOf(choice);
  if (!second) return { ...rule, models: [first] };
  const behind = further.filter((one) => refKey(one) !== choice);
  return { ...rule, models: [first, second, ...behind] };
}
