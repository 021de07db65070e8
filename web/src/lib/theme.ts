/** Light, dark, or as the system has it. */
export const THEMES = ["system", "light", "dark"] as const;

export type Theme = (typeof THEMES)[number];

/** Keep as in `public/theme.js`, which applies it before the first paint. */
const KEY = "atelier.theme";

type Store = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** Returns the theme that was chosen in this browser. */
export function chosenTheme(store: Store | undefined = safeStorage()): Theme {
  try {
    const chosen = store?.getItem(KEY);
    return THEMES.find((theme) => theme === chosen) ?? "system";
  } catch {
    return "system";
  }
}

/** Shows a theme and remembers it. */
export function chooseTheme(
  theme: Theme,
  root: { dataset: DOMStringMap } = document.documentElement,
  store: Store | undefined = safeStorage(),
): void {
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  try {
    if (theme === "system") store?.removeItem(KEY);
    else store?.setItem(KEY, theme);
  } catch {
    // Storage is switched off: the choice lasts until the page is closed.
  }
}

function safeStorage(): Store | undefined {
  try {
    return globalThis.localStorage;
  } catch {
    return undefined;
  }
}
