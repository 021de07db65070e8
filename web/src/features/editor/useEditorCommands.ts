import { useEffect, useMemo, useRef } from "react";
import type { Command } from "@/commands/registry";
import { useRegisterCommands } from "@/commands/useCommands";
import type { OpenTab } from "@/lib/workspaceStore";

interface EditorActions {
  active: string | undefined;
  tabs: readonly OpenTab[];
  dirty: ReadonlySet<string>;
  onSave(fileId: string): void;
  onShow(fileId: string): void;
  onClose(fileId: string): void;
  onFocus(): void;
  onVersions(): void;
  /** Whether there is a selection to ask about. */
  hasSelection(fileId: string): boolean;
  onAsk(fileId: string): void;
}

/** Asks the assistant about what is selected. */
export const ASK_COMMAND = "editor.askSelection";

/** The editor's actions, by name and by key. */
export function useEditorCommands(actions: EditorActions): void {
  // Commands are registered once and look at what is the case when they run.
  const latest = useRef(actions);
  useEffect(() => {
    latest.current = actions;
  });
  const commands = useMemo<Command[]>(() => {
    const now = () => latest.current;
    const withActive = (run: (fileId: string) => void) => () => {
      const { active } = now();
      if (active) run(active);
    };
    const isAnyOpen = () => now().active !== undefined;
    const neighbour = (step: 1 | -1) =>
      withActive((active) => {
        const { tabs, onShow } = now();
        const at = tabs.findIndex(({ fileId }) => fileId === active);
        const next = tabs[(at + step + tabs.length) % tabs.length];
        if (next) onShow(next.fileId);
      });
    const command = (
      id: string,
      label: string,
      keys: string | undefined,
      run: () => void,
      when: () => boolean = isAnyOpen,
    ): Command => ({ id, label, group: "Editor", run, when, ...(keys ? { keys } : {}) });
    return [
      command("file.save", "Save the file", "Mod+S", () => {
        const { active, dirty, onSave } = now();
        if (active && dirty.has(active)) onSave(active);
      }),
      command(
        "file.saveAll",
        "Save all files",
        "Mod+Alt+S",
        () => {
          const { dirty, onSave } = now();
          for (const fileId of dirty) onSave(fileId);
        },
        () => now().dirty.size > 0,
      ),
      command(
        "tab.close",
        "Close the tab",
        "Alt+W",
        withActive((id) => now().onClose(id)),
      ),
      command("tab.next", "Next tab", "Alt+PageDown", neighbour(1)),
      command("tab.previous", "Previous tab", "Alt+PageUp", neighbour(-1)),
      command("file.versions", "Show the file's versions", undefined, () => now().onVersions()),
      command(
        ASK_COMMAND,
        "Ask about selection",
        "Alt+Q",
        withActive((id) => now().onAsk(id)),
        () => {
          const { active, hasSelection } = now();
          return active !== undefined && hasSelection(active);
        },
      ),
      // Always there: who opens a file asks for the focus before it is open.
      command(
        "editor.focus",
        "Go to the editor",
        "Alt+E",
        () => now().onFocus(),
        () => true,
      ),
    ];
  }, []);
  useRegisterCommands(commands);
}
