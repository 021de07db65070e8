import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import { modelRouteQuery } from "@/api/queries/models";
import type { Model, Provider } from "@/api/schema";
import { Select } from "@/ui/Select";

/** A model that may be chosen for a question. */
type Choice = Pick<Provider, "id" | "name" | "model">;

/** Each provider's own model, and those on this machine, which have no provider. */
export function modelChoices(providers: readonly Provider[], models: readonly Model[]): Choice[] {
  const ids = new Set(providers.map(({ id }) => id));
  const others = models.filter(({ providerId, local }) => local && !ids.has(providerId));
  return [
    ...providers,
    ...others.map(({ providerId, provider, model }) => ({
      id: providerId,
      name: provider,
      model,
    })),
  ];
}

/** Which model answers: the one that is chosen, or what the policy says now. */
export function ModelSelect({
  workspaceId,
  choices,
  value,
  onChange,
}: {
  workspaceId: string;
  choices: readonly Choice[];
  /** Nothing when it is chosen automatically. */
  value: string | undefined;
  onChange: (id: string | undefined) => void;
}) {
  const note = useId();
  const { data } = useQuery({
    ...modelRouteQuery({
      task: "chat",
      workspaceId,
      images: false,
      tools: false,
      fim: false,
      ...(value ? { model: { providerId: value } } : {}),
    }),
    enabled: choices.length > 0,
  });
  const first = data?.chosen ?? data?.candidates[0];
  const words = data?.chosen
    ? `${data.chosen.model}: ${data.chosen.reason}`
    : data
      ? `No model would answer. ${first?.reason ?? ""}`
      : "";
  return (
    <span className="flex min-w-0 items-center gap-2">
      <Select
        aria-label="Model"
        aria-describedby={note}
        value={value ?? ""}
        onChange={(event) => onChange(event.target.value || undefined)}
        className="min-w-0 max-w-52 shrink-0 max-sm:max-w-40 [&_select]:h-control-sm [&_select]:text-sm"
      >
        <option value="">Automatic</option>
        {choices.map(({ id, name, model }) => (
          <option key={id} value={id}>
            {name === model ? name : `${name} · ${model}`}
          </option>
        ))}
      </Select>
      <span
        id={note}
        title={words}
        className="line-clamp-2 min-w-0 text-muted text-sm leading-tight"
      >
        {words}
      </span>
    </span>
  );
}
