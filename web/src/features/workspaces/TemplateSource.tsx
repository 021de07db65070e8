import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { templatesQuery } from "@/api/queries/workspaces";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";
import type { SourceProps } from "./AddressSources";

/** One of the built-in starting points. */
export function TemplateSource({ disabled, onChoose }: SourceProps) {
  const templates = useQuery(templatesQuery);
  const [chosen, setChosen] = useState<string | null>(null);
  if (templates.isPending) return <Skeleton lines={3} />;
  if (templates.isError) {
    return <ErrorState error={templates.error} retry={() => void templates.refetch()} />;
  }
  return (
    <fieldset className="grid gap-2 sm:grid-cols-3">
      <legend className="sr-only">Template</legend>
      {templates.data.items.map((template) => (
        <label
          key={template.id}
          className="flex cursor-pointer flex-col gap-1 rounded-md border border-edge p-3 transition-colors hover:bg-hover has-checked:border-accent has-checked:bg-accent-soft has-focus-visible:outline-2 has-focus-visible:outline-focus has-focus-visible:outline-offset-2"
        >
          <input
            type="radio"
            name="template"
            className="sr-only"
            value={template.id}
            checked={chosen === template.id}
            disabled={disabled}
            onChange={() => {
              setChosen(template.id);
              const source = { type: "template", template: template.id } as const;
              onChoose({ kind: "source", source }, template.name);
            }}
          />
          <span className="font-medium">{template.name}</span>
          <span className="text-muted text-sm">{template.description}</span>
        </label>
      ))}
    </fieldset>
  );
}
