import { Monitor, Moon, Sun } from "lucide-react";
import { useState } from "react";
import { chooseTheme, chosenTheme, THEMES, type Theme } from "@/lib/theme";
import { IconButton } from "./IconButton";

const LOOKS: Record<Theme, { label: string; icon: typeof Sun }> = {
  system: { label: "as the system", icon: Monitor },
  light: { label: "light", icon: Sun },
  dark: { label: "dark", icon: Moon },
};

/** Goes through system, light and dark. */
export function ThemeToggle() {
  const [theme, setTheme] = useState<Theme>(() => chosenTheme());
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "system";
  const { label, icon: Icon } = LOOKS[theme];
  return (
    <IconButton
      label={`Theme: ${label}`}
      icon={<Icon />}
      onClick={() => {
        chooseTheme(next);
        setTheme(next);
      }}
    />
  );
}
