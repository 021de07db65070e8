import { Ear, MoreHorizontal, Pencil, Plus, X } from "lucide-react";
import { useState } from "react";
import { useStore } from "zustand";
import type { Terminal } from "@/api/schema";
import { cx } from "@/lib/cx";
import { IconButton } from "@/ui/IconButton";
import { Input } from "@/ui/Input";
import { Menu } from "@/ui/Menu";
import { terminalOptions } from "./options";

/** The most a terminal's title may have, in characters. */
const LONGEST_TITLE = 80;

/** The terminals, one of which is in front, and what can be done with it. */
export function TerminalTabs({
  terminals,
  active,
  isOpening,
  onShow,
  onNew,
  onRename,
  onClose,
}: {
  terminals: readonly Terminal[];
  active: Terminal | undefined;
  isOpening: boolean;
  onShow: (id: string) => void;
  onNew: () => void;
  onRename: (id: string, title: string) => void;
  onClose: (id: string) => void;
}) {
  const [renamed, setRenamed] = useState<string>();
  const readAloud = useStore(terminalOptions, (options) => options.readAloud);
  return (
    <div className="flex h-9 shrink-0 items-center border-line border-b pr-1 pointer-coarse:h-11">
      <ul
        aria-label="Terminals"
        className="flex h-full min-w-0 overflow-x-auto [scrollbar-width:thin]"
      >
        {terminals.map((terminal) => (
          <li key={terminal.id} className="h-full">
            {renamed === terminal.id ? (
              <TitleInput
                title={terminal.title}
                onDone={(title) => {
                  setRenamed(undefined);
                  if (title && title !== terminal.title) onRename(terminal.id, title);
                }}
              />
            ) : (
              <Tab
                terminal={terminal}
                isActive={terminal.id === active?.id}
                onShow={() => onShow(terminal.id)}
                onRename={() => setRenamed(terminal.id)}
                onClose={() => onClose(terminal.id)}
              />
            )}
          </li>
        ))}
      </ul>
      <IconButton
        size="sm"
        label="New terminal"
        icon={<Plus />}
        busy={isOpening}
        onClick={onNew}
        className="ml-1"
      />
      <span className="flex-1" />
      <Menu
        label="Terminal"
        trigger={<IconButton size="sm" label="Terminal: actions" icon={<MoreHorizontal />} />}
        items={[
          {
            id: "rename",
            label: "Rename",
            icon: <Pencil />,
            disabled: !active,
            run: () => setRenamed(active?.id),
          },
          {
            id: "aloud",
            label: readAloud ? "Don't prepare for screen readers" : "Prepare for screen readers",
            icon: <Ear />,
            run: () => terminalOptions.setState({ readAloud: !readAloud }),
          },
          {
            id: "close",
            label: "Close",
            icon: <X />,
            separated: true,
            disabled: !active,
            run: () => {
              if (active) onClose(active.id);
            },
          },
        ]}
      />
    </div>
  );
}

function Tab({
  terminal: { title, state },
  isActive,
  onShow,
  onRename,
  onClose,
}: {
  terminal: Terminal;
  isActive: boolean;
  onShow: () => void;
  onRename: () => void;
  onClose: () => void;
}) {
  return (
    <div
      className={cx(
        "relative flex h-full max-w-48 items-center border-line border-r pr-1",
        isActive ? "bg-sunken" : "hover:bg-hover",
      )}
    >
      <button
        type="button"
        aria-current={isActive || undefined}
        data-terminal-tab={isActive || undefined}
        onClick={onShow}
        onDoubleClick={onRename}
        onKeyDown={(event) => {
          if (event.key === "F2") onRename();
          if (event.key === "Delete") onClose();
        }}
        className={cx(
          "h-full min-w-0 truncate pr-1 pl-3 focus-visible:-outline-offset-2",
          isActive ? "text-ink" : "text-muted",
        )}
      >
        {title}
        {state === "ended" ? <span className="text-muted text-sm"> · ended</span> : null}
      </button>
      <button
        type="button"
        aria-label={`Close ${title}`}
        onClick={onClose}
        className="inline-flex size-6 shrink-0 items-center justify-center rounded-sm text-muted hover:bg-pressed hover:text-ink focus-visible:-outline-offset-2 pointer-coarse:size-9"
      >
        <X aria-hidden className="size-3.5" />
      </button>
    </div>
  );
}

/** Asks for a title in the tab itself. Escape leaves it as it was. */
function TitleInput({ title, onDone }: { title: string; onDone: (title?: string) => void }) {
  const [text, setText] = useState(title);
  return (
    <Input
      aria-label="Title of the terminal"
      autoFocus
      value={text}
      maxLength={LONGEST_TITLE}
      onFocus={(event) => event.target.select()}
      onChange={(event) => setText(event.target.value)}
      onBlur={() => onDone(text.trim())}
      onKeyDown={(event) => {
        if (event.key === "Enter") onDone(text.trim());
        if (event.key === "Escape") onDone();
      }}
      className="m-1 h-7 w-40 text-sm"
    />
  );
}
