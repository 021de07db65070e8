import { createStore, useStore } from "zustand";

/**
 * Everything a person can do, by name. The menus, the palette and the keyboard
 * all take it from here, so that no action exists in one of them alone.
 */
export interface Command {
  /** A stable name, such as `file.save`. */
  id: string;
  /** What the palette and menus call it. */
  label: string;
  /** The palette's heading. */
  group: string;
  /** The shortcut, such as `Mod+S`. */
  keys?: string;
  /** Says whether it can be run now; always, when absent. */
  when?: () => boolean;
  run: () => void;
}

interface Commands {
  /** By id. Where two share an id, the one registered last is meant. */
  all: Command[];
}

const store = createStore<Commands>()(() => ({ all: [] }));

/** Adds commands; returns what takes them away again. */
export function registerCommands(commands: Command[]): () => void {
  store.setState(({ all }) => ({ all: [...all, ...commands] }));
  return () =>
    store.setState(({ all }) => ({ all: all.filter((command) => !commands.includes(command)) }));
}

/** The commands that can be run now. */
export function availableCommands(all: Command[] = store.getState().all): Command[] {
  const byId = new Map(all.map((command) => [command.id, command]));
  return [...byId.values()].filter((command) => command.when?.() ?? true);
}

/** Runs a command by its id; false when there is none that can be run now. */
export function runCommand(id: string): boolean {
  const command = availableCommands().find((known) => known.id === id);
  command?.run();
  return command !== undefined;
}

/** All registered commands; the component is drawn again when they change. */
export function useCommands(): Command[] {
  return useStore(store, (state) => state.all);
}
