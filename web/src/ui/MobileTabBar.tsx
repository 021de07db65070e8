import type { ReactNode } from "react";

export interface MobileTab<Id extends string> {
  id: Id;
  label: string;
  icon: ReactNode;
  /** Something there waits to be seen. */
  mark?: boolean;
}

/** The parts of a page on a phone, at the foot of it, one shown at a time. */
export function MobileTabBar<Id extends string>({
  label,
  tabs,
  value,
  onChange,
}: {
  label: string;
  tabs: MobileTab<Id>[];
  value: Id;
  onChange: (id: Id) => void;
}) {
  return (
    <nav
      aria-label={label}
      className="grid shrink-0 auto-cols-fr grid-flow-col border-line border-t bg-raised pb-[env(safe-area-inset-bottom)]"
    >
      {tabs.map((tab) => (
        <button
          key={tab.id}
          type="button"
          aria-current={tab.id === value ? "page" : undefined}
          onClick={() => onChange(tab.id)}
          className="relative flex min-h-13 flex-col items-center justify-center gap-0.5 text-muted text-xs focus-visible:-outline-offset-2 aria-[current]:font-semibold aria-[current]:text-accent [&_svg]:size-5"
        >
          {tab.icon}
          {tab.label}
          {tab.mark ? (
            <span className="absolute top-2 right-[calc(50%-1rem)] size-2 rounded-full bg-accent-fill">
              <span className="sr-only">, new</span>
            </span>
          ) : null}
        </button>
      ))}
    </nav>
  );
}
