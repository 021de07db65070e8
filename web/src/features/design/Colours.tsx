import { Specimen } from "./Specimen";

const SURFACES = ["canvas", "panel", "raised", "sunken", "hover", "pressed", "line", "line-strong"];
const INKS = ["ink", "muted", "accent", "success", "warning", "danger"];
const GROUNDS = [
  ["accent-soft", "accent"],
  ["success-soft", "success"],
  ["warning-soft", "warning"],
  ["danger-soft", "danger"],
  ["accent-fill", "on-accent"],
  ["danger-fill", "on-accent"],
] as const;
const SYNTAX = ["keyword", "string", "number", "comment", "function", "type", "property"];
const LINES = [
  ["removed", "removed-mark", "- const total = ", "price", ";"],
  ["added", "added-mark", "+ const total = ", "price * count", ";"],
] as const;

/** The colours, by the names that components use. */
export function Colours() {
  return (
    <>
      <Specimen name="Surfaces and lines">
        {SURFACES.map((name) => (
          <div key={name} className="w-24">
            <div
              className="h-12 rounded-md border border-line"
              style={{ background: `var(--${name})` }}
            />
            <p className="mt-1 text-muted text-sm">{name}</p>
          </div>
        ))}
      </Specimen>
      <Specimen name="Text">
        {INKS.map((name) => (
          <p key={name} className="font-medium" style={{ color: `var(--${name})` }}>
            {name}
          </p>
        ))}
      </Specimen>
      <Specimen name="Grounds">
        {GROUNDS.map(([ground, ink]) => (
          <p
            key={ground}
            className="rounded-md px-3 py-2 font-medium"
            style={{ background: `var(--${ground})`, color: `var(--${ink})` }}
          >
            {ground}
          </p>
        ))}
      </Specimen>
      <Specimen name="Program text and differences">
        <p className="flex w-full flex-wrap gap-x-4 font-mono">
          {SYNTAX.map((name) => (
            <span key={name} style={{ color: `var(--syntax-${name})` }}>
              {name}
            </span>
          ))}
        </p>
        <pre className="w-full overflow-hidden rounded-md border border-line font-mono">
          {LINES.map(([ground, mark, before, changed, after]) => (
            <code
              key={ground}
              className="block px-3 py-0.5"
              style={{ background: `var(--${ground})` }}
            >
              {before}
              <span className="rounded-sm" style={{ background: `var(--${mark})` }}>
                {changed}
              </span>
              {after}
            </code>
          ))}
        </pre>
      </Specimen>
    </>
  );
}
