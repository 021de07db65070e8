import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ChevronRight, Key, Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import { keys } from "@/api/queries/keys";
import { checkProvider, deleteProvider } from "@/api/queries/providers";
import type { Provider } from "@/api/schema";
import { wireName } from "@/lib/presets";
import { AlertDialog } from "@/ui/AlertDialog";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { IconButton } from "@/ui/IconButton";
import { toast } from "@/ui/Toast";
import { CheckResult } from "./CheckResult";
import { ModelList } from "./ModelList";

/** One provider: how it is reached, whether it answers, and its models. */
export function ProviderCard({
  provider,
  isDefault,
  onEdit,
}: {
  provider: Provider;
  isDefault: boolean;
  onEdit: () => void;
}) {
  const [deleting, setDeleting] = useState(false);
  const queryClient = useQueryClient();
  const [isOpen, setOpen] = useState(false);
  const check = useMutation({
    mutationFn: () => timed(() => checkProvider(provider.id)),
    // What the provider says of its models and of itself is kept.
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: keys.models });
      void queryClient.invalidateQueries({ queryKey: keys.providers });
    },
  });
  const remove = useMutation({
    mutationFn: () => deleteProvider(provider.id),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: keys.providers });
      void queryClient.invalidateQueries({ queryKey: keys.models });
      toast.success(`“${provider.name}” is deleted`);
    },
    onError: (error) => toast.error(error),
    onSettled: () => setDeleting(false),
  });
  return (
    <Card className="flex flex-col gap-3 p-4">
      <div className="flex flex-wrap items-start gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-full sm:basis-64">
          <h2 className="flex flex-wrap items-center gap-2 font-semibold text-md">
            <span className="break-words">{provider.name}</span>
            {isDefault ? <Badge tone="accent">Default</Badge> : null}
            {provider.fromEnvironment ? <Badge>From the environment</Badge> : null}
          </h2>
          <p className="mt-1 break-all font-mono text-sm">{provider.model}</p>
          <p className="break-all font-mono text-muted text-sm">{provider.baseUrl}</p>
        </div>
        <div className="flex items-center gap-1.5">
          <Button size="sm" busy={check.isPending} onClick={() => check.mutate()}>
            Test
          </Button>
          {provider.fromEnvironment ? null : (
            <>
              <IconButton
                size="sm"
                label={`Edit ${provider.name}`}
                icon={<Pencil />}
                onClick={onEdit}
              />
              <IconButton
                size="sm"
                label={`Delete ${provider.name}`}
                icon={<Trash2 />}
                onClick={() => setDeleting(true)}
              />
            </>
          )}
        </div>
      </div>
      <p className="flex flex-wrap items-center gap-x-4 gap-y-1 text-muted text-sm">
        <span className="inline-flex items-center gap-1.5">
          <Key aria-hidden className="size-3.5" />
          {provider.hasKey ? "Key stored, encrypted" : "No key"}
        </span>
        <span>{wireName(provider.wire)}</span>
        {provider.local ? <span>On your own hardware</span> : null}
      </p>
      <CheckResult check={check} />
      <div className="flex flex-col gap-2">
        <Button
          size="sm"
          variant="ghost"
          aria-expanded={isOpen}
          icon={<ChevronRight className={isOpen ? "rotate-90" : undefined} />}
          onClick={() => setOpen(!isOpen)}
          className="self-start"
        >
          Models and prices
        </Button>
        {isOpen ? <ModelList providerId={provider.id} provider={provider.name} /> : null}
      </div>
      <AlertDialog
        open={deleting}
        onOpenChange={setDeleting}
        title={`Delete “${provider.name}”?`}
        confirm="Delete provider"
        danger
        busy={remove.isPending}
        onConfirm={() => remove.mutate()}
      >
        Its key is deleted too and can't be brought back. What it was used for stays in the usage.
      </AlertDialog>
    </Card>
  );
}

/** Does something and says how long it took, in milliseconds. */
async function timed<T>(act: () => Promise<T>): Promise<{ result: T; ms: number }> {
  const began = performance.now();
  const result = await act();
  return { result, ms: performance.now() - began };
}
