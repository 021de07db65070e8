import { useMemo } from "react";
import { terminalFocus } from "@/commands/focusWish";
import type { Command } from "@/commands/registry";
import { useRegisterCommands } from "@/commands/useCommands";
import { useShowInWorkspace } from "@/commands/useWorkspaceNavigation";
import { SETTINGS } from "@/lib/workspaceSearch";
import {
  bringForward,
  type DockPanel,
  SIDE_PANELS,
  type SidePanel,
  togglePart,
} from "./layoutStore";

/** Shows and hides the parts of the page, by name and by key. */
export function useLayoutCommands(): void {
  const show = useShowInWorkspace();
  const commands = useMemo<Command[]>(() => {
    const reveal = (panel: SidePanel | DockPanel) => {
      bringForward(panel);
      show({ panel }, { replace: true });
    };
    return [
      {
        id: "layout.files",
        label: "Show or hide the explorer",
        group: "Layout",
        keys: "Mod+B",
        run: () => togglePart("files"),
      },
      {
        id: "layout.dock",
        label: "Show or hide runs and terminals",
        group: "Layout",
        keys: "Mod+J",
        run: () => togglePart("dock"),
      },
      {
        id: "layout.side",
        label: "Show or hide the assistant",
        group: "Layout",
        keys: "Mod+Alt+B",
        run: () => togglePart("side"),
      },
      ...([...SIDE_PANELS, "run", "drafts"] as const).map((panel) => ({
        id: `layout.${panel}`,
        label: `Go to ${panel}`,
        group: "Layout",
        run: () => reveal(panel),
      })),
      {
        id: "layout.terminal",
        label: "Go to the terminal",
        group: "Layout",
        keys: "Ctrl+`",
        run: () => {
          reveal("terminal");
          terminalFocus.ask();
        },
      },
      ...SETTINGS.map((settings) => ({
        id: `settings.${settings}`,
        label: `Workspace settings: ${settings}`,
        group: "Workspace",
        run: () => show({ settings }, { replace: true }),
      })),
    ];
  }, [show]);
  useRegisterCommands(commands);
}
