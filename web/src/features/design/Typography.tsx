import { Specimen } from "./Specimen";

const SIZES = [
  ["text-xl", "text-xl font-semibold tracking-[-0.015em]", "Workspaces"],
  ["text-lg", "text-lg font-semibold tracking-[-0.01em]", "Isolation of runs"],
  ["text-md", "text-md font-semibold", "New workspace"],
  ["text-base", "text-base", "The text of the interface, dense and calm."],
  ["text-sm", "text-sm text-muted", "Notes, hints and labels."],
  ["text-xs", "text-xs text-muted", "Keys and the names of tabs on a phone."],
] as const;

/** The sizes of type, and the two families. */
export function Typography() {
  return (
    <Specimen name="Sizes">
      <dl className="grid w-full grid-cols-[5rem_1fr] items-baseline gap-x-4 gap-y-2">
        {SIZES.map(([name, look, text]) => (
          <div key={name} className="contents">
            <dt className="font-mono text-muted text-sm">{name}</dt>
            <dd className={look}>{text}</dd>
          </div>
        ))}
        <dt className="font-mono text-muted text-sm">font-mono</dt>
        <dd className="font-mono">let price = cents as f64 / 100.0; 0O 1lI</dd>
      </dl>
    </Specimen>
  );
}
