import { useMemo } from "react";
import type { Command } from "@/commands/registry";
import { useRegisterCommands } from "@/commands/useCommands";
import { useShowInWorkspace } from "@/commands/useWorkspaceNavigation";
import { layoutStore, togglePart } from "./layoutStore";

/** Shows and hides the parts of the page, by name and by key. */
export function useLayoutCommands(): void {
  const show = useShowInWorkspace();
  const commands = useMemo<Command[]>(
    () => [
      {
        id: "layout.files",
        label: "Show or hide the explorer",
        group: "Layout",
        keys: "Mod+B",
        run: () => togglePart("files"),
      },
      {
        id: "layout.run",
        label: "Show or hide the run output",
        group: "Layout",
        keys: "Mod+J",
        run: () => togglePart("run"),
      },
      {
        id: "layout.side",
        label: "Show or hide the assistant",
        group: "Layout",
        keys: "Mod+Alt+B",
        run: () => togglePart("side"),
      },
      ...(["chat", "review", "versions"] as const).map((panel) => ({
        id: `layout.${panel}`,
        label: `Go to ${panel}`,
        group: "Layout",
        run: () => {
          layoutStore.setState({ side: true });
          show({ panel }, { replace: true });
        },
      })),
    ],
    [show],
  );
  useRegisterCommands(commands);
}
