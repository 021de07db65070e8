import { useParams } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useState } from "react";
import type { Command } from "@/commands/registry";
import { useRegisterCommands, useShortcuts } from "@/commands/useCommands";
import { useGlobalCommands } from "./useGlobalCommands";

const Palette = lazy(() => import("./Palette").then(({ Palette }) => ({ default: Palette })));

/** Holds the palette, the shortcuts and the commands that work everywhere. */
export function PaletteHost() {
  // What is looked for: anything, or files alone.
  const [mode, setMode] = useState<"all" | "files" | null>(null);
  const { workspaceId } = useParams({ strict: false });
  useGlobalCommands();
  useRegisterCommands(
    useMemo<Command[]>(
      () => [
        {
          id: "palette.open",
          label: "Find a command",
          group: "Atelier",
          keys: "Mod+K Mod+Shift+P",
          run: () => setMode("all"),
        },
        {
          id: "palette.files",
          label: "Go to a file",
          group: "Go to",
          keys: "Mod+P",
          when: () => workspaceId !== undefined,
          run: () => setMode("files"),
        },
      ],
      [workspaceId],
    ),
  );
  useShortcuts();
  if (mode === null) return null;
  return (
    <Suspense>
      <Palette mode={mode} onClose={() => setMode(null)} />
    </Suspense>
  );
}
