import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { keys } from "@/api/queries/keys";
import { modelDefaultsQuery, modelsQuery, setModelDefaults } from "@/api/queries/models";
import type { Model, ModelDefaults } from "@/api/schema";
import { changedRules, TASKS, type TaskRule, usualOf } from "@/lib/taskRules";
import { Card } from "@/ui/Card";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";
import { Switch } from "@/ui/Switch";
import { toast } from "@/ui/Toast";
import { TaskRow } from "./TaskRow";

/** Which models tasks go to, with what would be asked now and why. */
export function TaskDefaults() {
  const defaults = useQuery(modelDefaultsQuery);
  const models = useQuery(modelsQuery);
  if (defaults.data && models.data) {
    return <Rules defaults={defaults.data} models={models.data.items} />;
  }
  const error = defaults.error ?? models.error;
  if (!error) {
    return (
      <Card className="p-5">
        <Skeleton lines={8} />
      </Card>
    );
  }
  const retry = () => {
    void defaults.refetch();
    void models.refetch();
  };
  return <ErrorState error={error} retry={retry} />;
}

function Rules({ defaults, models }: { defaults: ModelDefaults; models: readonly Model[] }) {
  const save = useSave();
  const rules = TASKS.map(
    ({ id }): TaskRule =>
      defaults.tasks.find(({ task }) => task === id) ?? { task: id, prefer: usualOf(id) },
  );
  const change = (rule: TaskRule) =>
    save({
      ...defaults,
      tasks: toWire(rules.map((one) => (one.task === rule.task ? rule : one))),
    });
  return (
    <>
      <Card className="flex flex-col gap-1 px-4 py-3">
        <Switch
          label="Offline"
          aria-describedby="offline-meaning"
          checked={defaults.offline}
          onChange={(event) => save({ ...defaults, offline: event.target.checked })}
        />
        <p id="offline-meaning" className="max-w-prose text-muted text-sm">
          Nothing leaves for another machine: only models on your own hardware answer, even when
          another is chosen by name.
        </p>
      </Card>
      <Card>
        <ul aria-label="Tasks">
          {TASKS.map(({ id, meaning }, index) => (
            <TaskRow
              key={id}
              rule={rules[index] ?? { task: id, prefer: usualOf(id) }}
              meaning={meaning}
              models={models}
              onChange={change}
            />
          ))}
        </ul>
      </Card>
    </>
  );
}

function toWire(rules: readonly TaskRule[]): ModelDefaults["tasks"] {
  return rules.map(({ task, prefer, models = [] }) => ({ task, prefer, models: [...models] }));
}

/** Takes effect at once, and is put back when the server refuses it. */
function useSave() {
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: (next: ModelDefaults) =>
      setModelDefaults({ offline: next.offline, tasks: toWire(changedRules(next.tasks)) }),
    onMutate: (next) => {
      const before = client.getQueryData<ModelDefaults>(keys.modelDefaults);
      client.setQueryData(keys.modelDefaults, next);
      return before;
    },
    onSuccess: (saved) => {
      client.setQueryData(keys.modelDefaults, saved);
      void client.invalidateQueries({ queryKey: keys.modelRoute });
    },
    onError: (error, _next, before) => {
      if (before) client.setQueryData(keys.modelDefaults, before);
      toast.error(error);
    },
  });
  return save.mutate;
}
