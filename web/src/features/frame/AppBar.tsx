import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { runCommand } from "@/commands/registry";
import { Kbd } from "@/ui/Kbd";
import { Logo } from "@/ui/Logo";
import { ThemeToggle } from "@/ui/ThemeToggle";
import { AppMenu } from "./AppMenu";
import { IsolationBadge } from "./IsolationBadge";

const NAV = [
  { to: "/settings/models", label: "Models" },
  { to: "/usage", label: "Usage" },
  { to: "/settings/system", label: "System" },
] as const;

/** The bar at the top of every page. */
export function AppBar({
  title,
  actions,
}: {
  /** What is open, such as a workspace's name. */
  title?: ReactNode;
  /** What can be done with it. */
  actions?: ReactNode;
}) {
  return (
    <header className="flex h-bar shrink-0 items-center gap-2 border-line border-b bg-panel px-2.5 sm:px-3">
      <a
        href="#main"
        className="sr-only rounded-md bg-accent-fill px-3 py-2 text-on-accent focus:not-sr-only focus:absolute focus:top-2 focus:left-2 focus:z-50"
      >
        Skip to the content
      </a>
      <Link
        to="/"
        className="flex shrink-0 items-center gap-2 rounded-md px-1 py-1 font-semibold text-md tracking-[-0.01em]"
        aria-label="Atelier, all workspaces"
      >
        <Logo className="size-6" />
        <span className={title ? "max-sm:sr-only" : undefined}>Atelier</span>
      </Link>
      {title ? (
        <>
          <span aria-hidden="true" className="text-disabled">
            /
          </span>
          <div className="min-w-0 truncate font-medium">{title}</div>
        </>
      ) : null}
      <div className="flex-1" />
      <IsolationBadge />
      {actions}
      <nav aria-label="Main" className="hidden items-center md:flex">
        {NAV.map(({ to, label }) => (
          <Link
            key={to}
            to={to}
            className="rounded-md px-2.5 py-1.5 text-muted transition-colors hover:bg-hover hover:text-ink aria-[current=page]:font-medium aria-[current=page]:text-ink"
          >
            {label}
          </Link>
        ))}
      </nav>
      <button
        type="button"
        aria-label="Find a command"
        onClick={() => runCommand("palette.open")}
        className="hidden h-control items-center gap-6 rounded-md border border-edge bg-sunken pr-1.5 pl-2.5 text-muted transition-colors hover:border-muted hover:text-ink md:flex"
      >
        Find a command
        <Kbd keys="Mod+K" />
      </button>
      <ThemeToggle />
      <AppMenu />
    </header>
  );
}
