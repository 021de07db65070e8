import { PRESETS, WIRES } from "@/lib/presets";
import type { ProviderErrors, ProviderValues } from "@/lib/providerForm";
import { LONGEST_NAME } from "@/lib/workspaceName";
import { Checkbox } from "@/ui/Checkbox";
import { Field } from "@/ui/Field";
import { Input } from "@/ui/Input";
import { Select } from "@/ui/Select";
import { KeyField } from "./KeyField";

/** The fields of a provider. */
export function ProviderFields({
  values,
  errors,
  hasStoredKey,
  onPreset,
  onChange,
}: {
  values: ProviderValues;
  errors: ProviderErrors;
  hasStoredKey: boolean;
  onPreset: (id: string) => void;
  onChange: (change: Partial<ProviderValues>) => void;
}) {
  const preset = PRESETS.find((known) => known.baseUrl === values.baseUrl);
  return (
    <>
      <Field label="Service">
        {(control) => (
          <Select
            {...control}
            value={preset?.id ?? "other"}
            onChange={(event) => onPreset(event.target.value)}
          >
            <option value="other">Another service</option>
            {PRESETS.map(({ id, label }) => (
              <option key={id} value={id}>
                {label}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field
        label="Base URL"
        hint="As the service documents it, with the version at its end."
        error={errors.baseUrl}
      >
        {(control) => (
          <Input
            {...control}
            type="url"
            className="font-mono"
            placeholder="https://models.example.org/v1"
            maxLength={2048}
            autoComplete="off"
            spellCheck={false}
            value={values.baseUrl}
            onChange={(event) => onChange({ baseUrl: event.target.value })}
          />
        )}
      </Field>
      <Field label="Format" hint="How the service wants to be asked.">
        {(control) => (
          <Select
            {...control}
            value={values.wire}
            onChange={(event) => onChange({ wire: event.target.value })}
          >
            {WIRES.map(({ id, label }) => (
              <option key={id} value={id}>
                {label}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label="Model" error={errors.model}>
        {(control) => (
          <Input
            {...control}
            className="font-mono"
            placeholder={preset?.modelHint ?? "The name that the service gives it"}
            maxLength={200}
            autoComplete="off"
            spellCheck={false}
            value={values.model}
            onChange={(event) => onChange({ model: event.target.value })}
          />
        )}
      </Field>
      <Field label="Name" hint="What you call it in Atelier." error={errors.name}>
        {(control) => (
          <Input
            {...control}
            maxLength={LONGEST_NAME}
            autoComplete="off"
            value={values.name}
            onChange={(event) => onChange({ name: event.target.value })}
          />
        )}
      </Field>
      <KeyField
        values={values}
        hasStoredKey={hasStoredKey}
        isNeeded={preset?.needsKey ?? false}
        onChange={onChange}
      />
      <div>
        <Checkbox
          label="It runs on hardware of my own"
          aria-describedby="own-hardware"
          checked={values.isLocal}
          onChange={(event) => onChange({ isLocal: event.target.checked })}
        />
        <p id="own-hardware" className="text-muted text-sm">
          Then it costs nothing unless you set a price, and answers when you are offline.
        </p>
      </div>
      <fieldset className="grid gap-4 sm:grid-cols-2">
        <legend className="sr-only">Price in US dollars per million tokens</legend>
        <Price
          label="Input price"
          value={values.inputPrice}
          error={errors.inputPrice}
          onChange={(inputPrice) => onChange({ inputPrice })}
        />
        <Price
          label="Output price"
          value={values.outputPrice}
          error={errors.outputPrice}
          onChange={(outputPrice) => onChange({ outputPrice })}
        />
      </fieldset>
    </>
  );
}

function Price({
  label,
  value,
  error,
  onChange,
}: {
  label: string;
  value: string;
  error: string | undefined;
  onChange: (value: string) => void;
}) {
  return (
    <Field
      label={label}
      optional
      hint="US dollars per million tokens. Empty: the published price."
      error={error}
    >
      {(control) => (
        <Input
          {...control}
          inputMode="decimal"
          autoComplete="off"
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
