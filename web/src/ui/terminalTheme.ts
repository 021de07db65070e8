/** The design tokens as a terminal's colours. */
import type { ITheme } from "@xterm/xterm";

/** The token that stands for each of a terminal's colours. */
const TOKENS = {
  background: "sunken",
  foreground: "ink",
  cursor: "ink",
  cursorAccent: "sunken",
  selectionBackground: "selection",
  scrollbarSliderBackground: "edge",
  scrollbarSliderHoverBackground: "line-strong",
  scrollbarSliderActiveBackground: "line-strong",
  black: "disabled",
  red: "danger",
  green: "success",
  yellow: "warning",
  blue: "syntax-function",
  magenta: "syntax-keyword",
  cyan: "syntax-type",
  white: "ink",
  brightBlack: "muted",
  brightRed: "danger",
  brightGreen: "success",
  brightYellow: "warning",
  brightBlue: "syntax-function",
  brightMagenta: "syntax-keyword",
  brightCyan: "syntax-type",
  brightWhite: "ink",
} as const satisfies Partial<Record<keyof ITheme, string>>;

/** Reads the tokens, as they stand in `parent`, as the plain colours that xterm wants. */
export function terminalTheme(parent: HTMLElement): ITheme {
  const probe = document.createElement("span");
  probe.hidden = true;
  parent.append(probe);
  const colours = Object.entries(TOKENS).map(([name, token]) => {
    probe.style.color = `var(--${token})`;
    return [name, getComputedStyle(probe).color];
  });
  probe.remove();
  return Object.fromEntries(colours);
}

/** The font that program text is shown in. */
export function terminalFont(parent: HTMLElement): string {
  return getComputedStyle(parent).getPropertyValue("--font-mono") || "monospace";
}

/** Calls `listener` when light turns to dark or back, by the system or by choice. */
export function onThemeChange(listener: () => void): () => void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", listener);
  const chosen = new MutationObserver(listener);
  chosen.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  return () => {
    system.removeEventListener("change", listener);
    chosen.disconnect();
  };
}
