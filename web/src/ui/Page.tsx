import type { ReactNode } from "react";

/** A page that is read from top to bottom, with its title and main actions. */
export function Page({
  title,
  lead,
  actions,
  children,
}: {
  title: string;
  /** One sentence below the title. */
  lead?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  return (
    <main
      id="main"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      className="min-h-0 flex-1 overflow-y-auto focus-visible:-outline-offset-2"
    >
      <title>{`${title} · Atelier`}</title>
      <div className="mx-auto flex w-full max-w-4xl flex-col gap-5 px-4 pt-6 pb-16 sm:px-6 sm:pt-9">
        <header className="flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
          <div className="min-w-0">
            <h1 className="font-semibold text-xl tracking-[-0.015em]">{title}</h1>
            {lead ? <p className="mt-1 max-w-prose text-muted">{lead}</p> : null}
          </div>
          {actions ? <div className="flex flex-wrap items-center gap-2">{actions}</div> : null}
        </header>
        {children}
      </div>
    </main>
  );
}
