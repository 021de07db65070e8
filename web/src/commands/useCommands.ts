import { useEffect } from "react";
import { matches } from "@/lib/keys";
import { availableCommands, type Command, registerCommands } from "./registry";

/**
 * Offers commands while the component is shown. Give it a list that stays the
 * same between draws (`useMemo`), or they are registered anew each time.
 */
export function useRegisterCommands(commands: Command[]): void {
  useEffect(() => registerCommands(commands), [commands]);
}

/** Listens for the shortcuts of all commands. Stands once in the page. */
export function useShortcuts(): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const command = commandFor(event);
      if (!command) return;
      event.preventDefault();
      command.run();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, []);
}

function commandFor(event: KeyboardEvent): Command | undefined {
  return availableCommands().find((command) =>
    command.keys?.split(" ").some((keys) => matches(keys, event)),
  );
}
