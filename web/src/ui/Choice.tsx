import { ErrorState } from "./ErrorState";
import { Field } from "./Field";
import type { Fetching } from "./ListFrame";
import { Select } from "./Select";

/** One of a few things, or of what is being fetched. */
export function Choice({
  label,
  hint,
  value,
  items,
  error,
  first,
  query,
  none,
  onChange,
}: {
  label: string;
  hint?: string;
  value: string;
  items: readonly { readonly id: string; readonly label: string }[];
  error?: string | undefined;
  /** What stands before all else, for nothing chosen. */
  first?: string;
  /** Where the items come from, when they are fetched. */
  query?: (Fetching & { readonly isLoading: boolean }) | undefined;
  /** What is said when there is nothing to choose. */
  none?: string | undefined;
  onChange: (id: string) => void;
}) {
  const isLoading = query?.isLoading === true;
  const isNone = none !== undefined && !isLoading && items.length === 0 && query?.isError !== true;
  return (
    <Field label={label} hint={isNone ? none : hint} error={error}>
      {(control) => (
        <>
          <Select
            {...control}
            aria-busy={isLoading}
            value={value}
            onChange={(event) => onChange(event.target.value)}
          >
            {first === undefined ? null : (
              <option value="">{isLoading ? "Loading…" : first}</option>
            )}
            {items.map(({ id, label: words }) => (
              <option key={id} value={id}>
                {words}
              </option>
            ))}
          </Select>
          {query?.isError ? (
            <ErrorState error={query.error} retry={() => void query.refetch()} />
          ) : null}
        </>
      )}
    </Field>
  );
}
