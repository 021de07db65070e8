import { useQuery } from "@tanstack/react-query";
import { Plus, Sparkles } from "lucide-react";
import { useState } from "react";
import { providersQuery } from "@/api/queries/providers";
import type { Provider } from "@/api/schema";
import { Button } from "@/ui/Button";
import { ListFrame } from "@/ui/ListFrame";
import { ProviderCard } from "./ProviderCard";
import { ProviderDialog } from "./ProviderDialog";

/** The configured providers, and the way to add one. */
export function ProviderList() {
  const providers = useQuery(providersQuery);
  // The provider in the dialog; "new" for one that isn't there yet.
  const [editing, setEditing] = useState<Provider | "new" | null>(null);
  const items = providers.data?.items ?? [];
  const add = (
    <Button variant="primary" icon={<Plus />} onClick={() => setEditing("new")}>
      Add provider
    </Button>
  );
  return (
    <>
      <ListFrame
        query={providers}
        isEmpty={items.length === 0}
        icon={<Sparkles />}
        title="No provider yet"
        empty="OpenAI, Anthropic, Gemini, OpenRouter, or any server that is compatible with OpenAI's, on the net or on your own machine. Or get the local model: it needs no key and no network."
        add={add}
      >
        <ul aria-label="Providers" className="flex flex-col gap-3">
          {items.map((provider, index) => (
            <li key={provider.id}>
              <ProviderCard
                provider={provider}
                isDefault={index === 0}
                onEdit={() => setEditing(provider)}
              />
            </li>
          ))}
        </ul>
      </ListFrame>
      {editing ? (
        <ProviderDialog
          provider={editing === "new" ? undefined : editing}
          onClose={() => setEditing(null)}
        />
      ) : null}
    </>
  );
}
