import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Command } from "@/commands/registry";
import { useRegisterCommands } from "@/commands/useCommands";
import { chooseTheme, type Theme } from "@/lib/theme";

const PAGES = [
  ["go.workspaces", "Workspaces", "/"],
  ["go.models", "Models", "/settings/models"],
  ["go.usage", "Usage", "/usage"],
  ["go.system", "System", "/settings/system"],
  ["go.design", "Components", "/design"],
] as const;

const THEMES: [Theme, string][] = [
  ["light", "Light theme"],
  ["dark", "Dark theme"],
  ["system", "The system's theme"],
];

/** Offers what works on every page. */
export function useGlobalCommands(): void {
  const navigate = useNavigate();
  const commands = useMemo<Command[]>(
    () => [
      ...PAGES.map(([id, label, to]) => ({
        id,
        label,
        group: "Go to",
        run: () => void navigate({ to }),
      })),
      ...THEMES.map(([theme, label]) => ({
        id: `theme.${theme}`,
        label,
        group: "Theme",
        run: () => chooseTheme(theme),
      })),
    ],
    [navigate],
  );
  useRegisterCommands(commands);
}
