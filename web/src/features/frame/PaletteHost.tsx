import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useState } from "react";
import { availableCommands, type Command, useCommands } from "@/commands/registry";
import { useRegisterCommands, useShortcuts } from "@/commands/useCommands";
import { chooseTheme } from "@/lib/theme";

const CommandPalette = lazy(() =>
  import("@/ui/CommandPalette").then((module) => ({ default: module.CommandPalette })),
);

/** Holds the palette, the shortcuts and the commands that work everywhere. */
export function PaletteHost() {
  const [open, setOpen] = useState(false);
  const commands = useCommands();
  const navigate = useNavigate();
  const global = useMemo<Command[]>(() => {
    const go = (
      id: string,
      label: string,
      to: "/" | "/usage" | "/settings/models" | "/settings/system" | "/design",
    ) => ({
      id,
      label,
      group: "Go to",
      run: () => void navigate({ to }),
    });
    return [
      {
        id: "palette.open",
        label: "Find a command",
        group: "Atelier",
        keys: "Mod+K Mod+Shift+P",
        run: () => setOpen(true),
      },
      go("go.workspaces", "Workspaces", "/"),
      go("go.models", "Models", "/settings/models"),
      go("go.usage", "Usage", "/usage"),
      go("go.system", "System", "/settings/system"),
      go("go.design", "Components", "/design"),
      { id: "theme.light", label: "Light theme", group: "Theme", run: () => chooseTheme("light") },
      { id: "theme.dark", label: "Dark theme", group: "Theme", run: () => chooseTheme("dark") },
      {
        id: "theme.system",
        label: "The system's theme",
        group: "Theme",
        run: () => chooseTheme("system"),
      },
    ];
  }, [navigate]);
  useRegisterCommands(global);
  useShortcuts();

  if (!open) return null;
  const items = availableCommands(commands)
    .filter((command) => command.id !== "palette.open")
    .map((command) => ({ ...command, keys: command.keys?.split(" ")[0] }));
  return (
    <Suspense>
      <CommandPalette open onOpenChange={setOpen} items={items} />
    </Suspense>
  );
}
