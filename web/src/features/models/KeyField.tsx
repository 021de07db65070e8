import type { ProviderValues } from "@/lib/providerForm";
import { Checkbox } from "@/ui/Checkbox";
import { Field } from "@/ui/Field";
import { Input } from "@/ui/Input";

/** The key of a model. It goes in and never comes back. */
export function KeyField({
  values,
  hasStoredKey,
  isNeeded,
  onChange,
}: {
  values: ProviderValues;
  hasStoredKey: boolean;
  isNeeded: boolean;
  onChange: (change: Partial<ProviderValues>) => void;
}) {
  return (
    <div className="flex flex-col gap-1.5">
      <Field
        label="Key"
        optional={!isNeeded}
        hint="Stored encrypted. It is sent to this service alone and never shown again."
      >
        {(control) => (
          <Input
            {...control}
            type="password"
            className="font-mono"
            placeholder={hasStoredKey ? "Stored. Type to replace it." : ""}
            maxLength={4096}
            // Not a password of this site: managers should neither fill nor keep it.
            autoComplete="new-password"
            data-1p-ignore
            disabled={values.removeKey}
            value={values.key}
            onChange={(event) => onChange({ key: event.target.value })}
          />
        )}
      </Field>
      {hasStoredKey ? (
        <Checkbox
          label="Remove the stored key"
          checked={values.removeKey}
          onChange={(event) => onChange({ removeKey: event.target.checked, key: "" })}
        />
      ) : null}
    </div>
  );
}
