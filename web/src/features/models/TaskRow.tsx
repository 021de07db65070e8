import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { modelRouteQuery } from "@/api/queries/models";
import type { Model } from "@/api/schema";
import { taskWords } from "@/lib/modelWords";
import {
  firstChoice,
  PREFERENCES,
  refKey,
  type Task,
  type TaskRule,
  withFirst,
  withSecond,
} from "@/lib/taskRules";
import { troubleOf } from "@/lib/trouble";
import { Field } from "@/ui/Field";
import { Select } from "@/ui/Select";

/** One task: what comes first, what takes over, and what would be asked now. */
export function TaskRow({
  rule,
  meaning,
  models,
  onChange,
}: {
  rule: TaskRule;
  meaning: string;
  models: readonly Model[];
  onChange: (rule: TaskRule) => void;
}) {
  const name = taskWords(rule.task);
  const [first, second, ...further] = rule.models ?? [];
  return (
    <li className="grid gap-x-5 gap-y-2.5 border-line border-b px-4 py-3.5 last:border-0 md:grid-cols-[11rem_1fr]">
      <div>
        <h2 className="font-medium">{name}</h2>
        <p className="text-muted text-sm">{meaning}</p>
      </div>
      <div className="flex min-w-0 flex-col gap-2">
        <div className="grid gap-x-4 gap-y-2 sm:grid-cols-2">
          <Choice
            label="Goes to"
            task={name}
            value={firstChoice(rule)}
            models={models}
            onChange={(choice) => onChange(withFirst(rule, choice))}
          >
            {PREFERENCES.map(({ id, label }) => (
              <option key={id} value={id}>
                {label}
              </option>
            ))}
          </Choice>
          {first ? (
            <Choice
              label="If that fails"
              task={name}
              value={second ? refKey(second) : ""}
              models={models.filter(
                (model) => model.providerId !== first.providerId || model.model !== first.model,
              )}
              onChange={(choice) => onChange(withSecond(rule, choice))}
            >
              <option value="">Nothing else is asked</option>
            </Choice>
          ) : null}
        </div>
        {further.length > 0 ? (
          <p className="text-muted text-sm [overflow-wrap:anywhere]">
            Then {further.map(({ model }) => model ?? "its provider's own model").join(", then ")}.
          </p>
        ) : null}
        <DryRun task={rule.task} />
      </div>
    </li>
  );
}

function Choice({
  label,
  task,
  value,
  models,
  onChange,
  children,
}: {
  label: string;
  /** With the label its name where the row can't be seen. */
  task: string;
  value: string;
  models: readonly Model[];
  onChange: (choice: string) => void;
  children: ReactNode;
}) {
  const providers = [...new Set(models.map(({ providerId }) => providerId))];
  const isGone = value.includes("/") && !models.some((model) => refKey(model) === value);
  return (
    <Field label={label}>
      {(control) => (
        <Select
          {...control}
          aria-label={`${label}, for ${task}`}
          className="min-w-0"
          value={value}
          onChange={(event) => onChange(event.target.value)}
        >
          {children}
          {isGone ? <option value={value}>A model that is gone</option> : null}
          {providers.map((id) => (
            <optgroup
              key={id}
              label={models.find(({ providerId }) => providerId === id)?.provider ?? ""}
            >
              {models
                .filter(({ providerId }) => providerId === id)
                .map((model) => (
                  <option key={model.model} value={refKey(model)}>
                    {model.model}
                  </option>
                ))}
            </optgroup>
          ))}
        </Select>
      )}
    </Field>
  );
}

/** Which model would be asked now, and why. */
function DryRun({ task }: { task: Task }) {
  const route = useQuery(modelRouteQuery({ task, images: false, tools: false, fim: false }));
  if (route.isError) {
    return <p className="text-danger text-sm">{troubleOf(route.error).title}</p>;
  }
  if (!route.data) return <p className="text-muted text-sm">Looking which would be asked…</p>;
  const { chosen, candidates } = route.data;
  if (!chosen) {
    return (
      <p className="text-sm text-warning [overflow-wrap:anywhere]">
        No model would be asked. {candidates[0]?.reason ?? "None is set up."}
      </p>
    );
  }
  const others = candidates.filter(
    (one) => one.providerId !== chosen.providerId || one.model !== chosen.model,
  );
  return (
    <div className="text-muted text-sm [overflow-wrap:anywhere]">
      <p>
        Would use <strong className="font-medium text-ink">{chosen.model}</strong> of{" "}
        {chosen.provider}. {chosen.reason}
      </p>
      {others.length > 0 ? (
        <details>
          <summary className="cursor-pointer select-none">The others</summary>
          <ul className="mt-1 flex max-h-48 flex-col gap-0.5 overflow-y-auto">
            {others.map((one) => (
              <li key={refKey(one)}>
                {one.model} of {one.provider}: {one.reason}
              </li>
            ))}
          </ul>
        </details>
      ) : null}
    </div>
  );
}
