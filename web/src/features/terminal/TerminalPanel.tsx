import { useQuery } from "@tanstack/react-query";
import { Plus, SquareTerminal } from "lucide-react";
import { useMemo, useRef, useState } from "react";
import { terminalsQuery } from "@/api/queries/terminals";
import type { Terminal } from "@/api/schema";
import { useLiveWorkspace } from "@/api/useLiveWorkspace";
import type { Command } from "@/commands/registry";
import { useRegisterCommands } from "@/commands/useCommands";
import { useShowInWorkspace, useWorkspaceSearch } from "@/commands/useWorkspaceNavigation";
import { AlertDialog } from "@/ui/AlertDialog";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorState } from "@/ui/ErrorState";
import { Kbd } from "@/ui/Kbd";
import { Skeleton } from "@/ui/Skeleton";
import { LEAVE_KEYS, TOGGLE_KEYS } from "./keys";
import { TerminalTabs } from "./TerminalTabs";
import { TerminalView } from "./TerminalView";
import { useTerminalActions } from "./useTerminalActions";

/** The terminals of a workspace. The one in front is the address's `?terminal=`. */
export function TerminalPanel({ workspaceId }: { workspaceId: string }) {
  useLiveWorkspace(workspaceId);
  const terminals = useQuery(terminalsQuery(workspaceId));
  const items = terminals.data?.items ?? [];
  const { terminal: wanted } = useWorkspaceSearch();
  const active = items.find(({ id }) => id === wanted) ?? items.at(-1);
  const show = useShowInWorkspace();
  const { open, rename, close, restart } = useTerminalActions(workspaceId);
  const [closing, setClosing] = useState<Terminal>();
  const { mutate: openOne } = open;
  useRegisterCommands(useMemo<Command[]>(() => [newTerminal(openOne)], [openOne]));

  const askToClose = (id: string) => {
    const terminal = items.find((one) => one.id === id);
    // What has ended can't be stopped in the middle of anything.
    if (terminal?.state === "running") setClosing(terminal);
    else close.mutate(id);
  };
  return (
    <section aria-label="Terminals" className="flex min-h-0 flex-1 flex-col bg-panel">
      <TerminalTabs
        terminals={items}
        active={active}
        isOpening={open.isPending}
        onShow={(terminal) => show({ terminal }, { replace: true })}
        onNew={() => open.mutate()}
        onRename={(id, title) => rename.mutate({ id, title })}
        onClose={askToClose}
      />
      {open.isError ? <ErrorState error={open.error} className="m-2" /> : null}
      <Screens
        terminals={items}
        active={active}
        onRestart={(terminal) => restart.mutate(terminal)}
        onClose={(terminal) => close.mutate(terminal.id)}
      />
      {active ? null : terminals.isPending ? (
        <Skeleton lines={3} className="p-3" />
      ) : terminals.isError ? (
        <ErrorState
          error={terminals.error}
          retry={() => void terminals.refetch()}
          className="m-2"
        />
      ) : (
        <Nothing isOpening={open.isPending} onNew={() => open.mutate()} />
      )}
      <AlertDialog
        open={closing !== undefined}
        onOpenChange={() => setClosing(undefined)}
        title={`Close “${closing?.title}”?`}
        confirm="Close terminal"
        danger
        onConfirm={() => {
          if (closing) close.mutate(closing.id);
          setClosing(undefined);
        }}
      >
        What runs in it is ended, and its text is gone.
      </AlertDialog>
    </section>
  );
}

/** The screens of the terminals that were in front once; those behind go on. */
function Screens({
  terminals,
  active,
  onRestart,
  onClose,
}: {
  terminals: readonly Terminal[];
  active: Terminal | undefined;
  onRestart: (terminal: Terminal) => void;
  onClose: (terminal: Terminal) => void;
}) {
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const place = useRef<HTMLDivElement>(null);
  if (active && !opened.has(active.id)) setOpened(new Set([...opened, active.id]));
  if (!active) return null;
  return (
    <div ref={place} className="flex min-h-0 flex-1 flex-col">
      {terminals
        .filter(({ id }) => opened.has(id))
        .map((terminal) => (
          <TerminalView
            key={terminal.id}
            terminal={terminal}
            isShown={terminal.id === active.id}
            onLeave={() => focusTab(place.current)}
            onRestart={() => onRestart(terminal)}
            onClose={() => onClose(terminal)}
          />
        ))}
    </div>
  );
}

function Nothing({ isOpening, onNew }: { isOpening: boolean; onNew: () => void }) {
  return (
    <EmptyState
      icon={<SquareTerminal />}
      title="No terminal is open"
      action={
        <Button variant="primary" size="sm" icon={<Plus />} busy={isOpening} onClick={onNew}>
          New terminal
        </Button>
      }
    >
      <p>A shell in the workspace's sandbox. It goes on when you close this page.</p>
      <p className="mt-2 max-md:hidden">
        <Kbd keys={TOGGLE_KEYS} /> goes into the terminal and out of it, <Kbd keys={LEAVE_KEYS} />{" "}
        out of it.
      </p>
    </EmptyState>
  );
}

/** Puts the keyboard on the tab of the terminal that it leaves. */
function focusTab(place: HTMLElement | null): void {
  place?.parentElement?.querySelector<HTMLElement>("[data-terminal-tab]")?.focus();
}

function newTerminal(open: () => void): Command {
  return { id: "terminal.new", label: "New terminal", group: "Terminal", run: open };
}
