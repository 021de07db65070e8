import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { keys } from "@/api/queries/keys";
import { createProvider, updateProvider } from "@/api/queries/providers";
import type { Provider } from "@/api/schema";
import { PRESETS } from "@/lib/presets";
import {
  changeOf,
  creationOf,
  errorsOf,
  type ProviderErrors,
  type ProviderValues,
  valuesOf,
} from "@/lib/providerForm";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorState } from "@/ui/ErrorState";
import { focusProblem } from "@/ui/focusProblem";
import { toast } from "@/ui/Toast";
import { ProviderFields } from "./ProviderFields";

/** Adds a provider or changes one. */
export function ProviderDialog({
  provider,
  onClose,
}: {
  provider: Provider | undefined;
  onClose: () => void;
}) {
  const [values, setValues] = useState<ProviderValues>(() => valuesOf(provider));
  const [errors, setErrors] = useState<ProviderErrors>({});
  const form = useId();
  const queryClient = useQueryClient();
  const save = useMutation({
    mutationFn: () =>
      provider ? updateProvider(provider.id, changeOf(values)) : createProvider(creationOf(values)),
    onSuccess: async (saved) => {
      await queryClient.invalidateQueries({ queryKey: keys.providers });
      void queryClient.invalidateQueries({ queryKey: keys.models });
      void queryClient.invalidateQueries({ queryKey: keys.modelRoute });
      toast.success(`“${saved.name}” is saved`);
      onClose();
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const found = errorsOf(values);
    setErrors(found);
    if (Object.keys(found).length === 0) save.mutate();
    else focusProblem(event.currentTarget);
  };
  const choosePreset = (id: string) => {
    const preset = PRESETS.find((known) => known.id === id);
    if (!preset) return;
    setErrors({});
    setValues((before) => ({
      ...before,
      baseUrl: preset.baseUrl,
      wire: preset.wire,
      isLocal: preset.isLocal,
      // A name that another choice gave is none that a person wrote.
      name: PRESETS.some(({ label }) => label === before.name.trim())
        ? preset.label
        : before.name || preset.label,
    }));
  };
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={provider ? `Edit ${provider.name}` : "Add a provider"}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" type="submit" form={form} busy={save.isPending}>
            Save
          </Button>
        </>
      }
    >
      <form id={form} noValidate onSubmit={submit} className="flex flex-col gap-4">
        <ProviderFields
          values={values}
          errors={errors}
          hasStoredKey={provider?.hasKey ?? false}
          onPreset={choosePreset}
          onChange={(change) => setValues((before) => ({ ...before, ...change }))}
        />
        {save.isError ? <ErrorState error={save.error} /> : null}
      </form>
    </Dialog>
  );
}
