import type { Provider } from "@/api/schema";
import { Select } from "@/ui/Select";

/** Which model answers. */
export function ModelSelect({
  providers,
  value,
  onChange,
}: {
  providers: readonly Provider[];
  value: string | undefined;
  onChange: (id: string) => void;
}) {
  return (
    <Select
      aria-label="Model"
      value={value ?? providers[0]?.id ?? ""}
      onChange={(event) => onChange(event.target.value)}
      className="min-w-0 max-w-52 [&_select]:h-control-sm [&_select]:text-sm"
    >
      {providers.map(({ id, name, model }) => (
        <option key={id} value={id}>
          {name === model ? name : `${name} · ${model}`}
        </option>
      ))}
    </Select>
  );
}
