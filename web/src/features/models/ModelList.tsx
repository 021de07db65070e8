import { useQuery } from "@tanstack/react-query";
import { Pencil } from "lucide-react";
import { useState } from "react";
import { modelsQuery } from "@/api/queries/models";
import type { Model } from "@/api/schema";
import { plural } from "@/lib/format";
import {
  abilityWords,
  contextWords,
  parameterWords,
  priceSourceWords,
  priceWords,
} from "@/lib/modelWords";
import { Badge } from "@/ui/Badge";
import { ErrorState } from "@/ui/ErrorState";
import { IconButton } from "@/ui/IconButton";
import { Input } from "@/ui/Input";
import { Scrollable } from "@/ui/Scrollable";
import { Skeleton } from "@/ui/Skeleton";
import { FactsDialog } from "./FactsDialog";

/** From how many models on they can be searched. */
const MANY = 8;
/** How many are shown at once: some providers have hundreds. */
const SHOWN = 50;

/** The models of a provider: how much they read, what they can do and cost. */
export function ModelList({ providerId, provider }: { providerId: string; provider: string }) {
  const models = useQuery(modelsQuery);
  const [wanted, setWanted] = useState("");
  // The model in the dialog.
  const [editing, setEditing] = useState<Model>();
  if (models.isError) {
    return <ErrorState error={models.error} retry={() => void models.refetch()} />;
  }
  if (!models.data) return <Skeleton lines={2} />;
  const all = models.data.items.filter((model) => model.providerId === providerId);
  const found = all.filter(({ model }) => model.toLowerCase().includes(wanted.toLowerCase()));
  return (
    <div className="flex flex-col gap-2">
      {all.length > MANY ? (
        <Input
          type="search"
          aria-label={`Find a model of ${provider}`}
          placeholder={`Find among ${all.length} models`}
          value={wanted}
          onChange={(event) => setWanted(event.target.value)}
        />
      ) : null}
      {found.length === 0 ? (
        <p className="text-muted">
          {all.length === 0
            ? `No model of ${provider} is known yet. Test it: it says which it has.`
            : `No model has “${wanted}” in its name.`}
        </p>
      ) : (
        <Scrollable
          label={`Models of ${provider}`}
          className="max-h-96 overflow-y-auto rounded-md border border-line"
        >
          <ul aria-label={`Models of ${provider}`}>
            {found.slice(0, SHOWN).map((model) => (
              <ModelRow key={model.model} model={model} onEdit={() => setEditing(model)} />
            ))}
          </ul>
        </Scrollable>
      )}
      {found.length > SHOWN ? (
        <p className="text-muted text-sm">
          {plural(found.length - SHOWN, "more model")}. Write a part of the name to find one.
        </p>
      ) : null}
      {editing ? <FactsDialog model={editing} onClose={() => setEditing(undefined)} /> : null}
    </div>
  );
}

function ModelRow({ model, onEdit }: { model: Model; onEdit: () => void }) {
  const abilities = abilityWords(model);
  const source = priceSourceWords(model.priceSource, model.priceDate);
  return (
    <li className="flex items-start gap-2 border-line border-b py-2 pr-1.5 pl-3 last:border-0">
      <div className="flex min-w-0 flex-1 flex-col gap-0.5">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <span className="break-all font-mono text-sm">{model.model}</span>
          {model.configured ? <Badge tone="accent">In use</Badge> : null}
          {model.unreachable ? <Badge tone="warning">Not reached lately</Badge> : null}
          {abilities?.map((word) => (
            <Badge key={word}>{word}</Badge>
          ))}
        </p>
        <p className="flex flex-wrap gap-x-3 text-muted text-sm tabular-nums">
          <span>Context {contextWords(model.contextTokens)}</span>
          {model.maxOutputTokens == null ? null : (
            <span>Answers up to {contextWords(model.maxOutputTokens)}</span>
          )}
          {model.parameters == null ? null : (
            <span>{parameterWords(model.parameters)} parameters</span>
          )}
          {abilities === undefined ? <span>Abilities unknown</span> : null}
          <span>
            {model.local && model.priceSource === "local"
              ? "Free, on your hardware"
              : `Price ${priceWords(model)}${source ? ` (${source})` : ""}`}
          </span>
          {model.firstTokenMs == null ? null : <span>Answers after {model.firstTokenMs} ms</span>}
        </p>
      </div>
      <IconButton size="sm" label={`Facts of ${model.model}`} icon={<Pencil />} onClick={onEdit} />
    </li>
  );
}
