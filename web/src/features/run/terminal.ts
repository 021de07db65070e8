/**
 * The screen that output is shown on. Loaded only when there is output to
 * show, because xterm is large.
 */
import "@xterm/xterm/css/xterm.css";
import { FitAddon } from "@xterm/addon-fit";
import { type ITheme, Terminal } from "@xterm/xterm";
import { onThemeChange, terminalFont, terminalTheme } from "@/ui/terminalTheme";

export interface Screen {
  write(text: string): void;
  dispose(): void;
}

/** Lines that can be scrolled back to. */
const SCROLLBACK = 20_000;

/** Opens a screen in an element. `label` names it to screen readers. */
export function openScreen(parent: HTMLElement, label: string): Screen {
  const terminal = new Terminal({
    convertEol: true,
    disableStdin: true,
    cursorInactiveStyle: "none",
    fontFamily: terminalFont(parent),
    fontSize: 12.5,
    lineHeight: 1.3,
    minimumContrastRatio: 4.5,
    scrollback: SCROLLBACK,
    screenReaderMode: true,
    theme: themeOf(parent),
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  terminal.open(parent);
  terminal.write("\u001b[?25l");
  terminal.textarea?.setAttribute("aria-label", label);
  terminal.textarea?.setAttribute("readonly", "");
  terminal.attachCustomKeyEventHandler((event) => onKey(terminal, event));

  const sizes = new ResizeObserver(() => {
    // A hidden panel has no size; fitting to it would break every line.
    if (parent.clientWidth > 0 && parent.clientHeight > 0) fit.fit();
  });
  sizes.observe(parent);
  const stopTheme = onThemeChange(() => {
    terminal.options.theme = themeOf(parent);
  });
  return {
    write: (text) => terminal.write(text),
    dispose: () => {
      sizes.disconnect();
      stopTheme();
      terminal.dispose();
    },
  };
}

/** Scrolls by keyboard and lets every other key go on to the page: Tab leaves. */
function onKey(terminal: Terminal, event: KeyboardEvent): boolean {
  if (event.type !== "keydown" || event.ctrlKey || event.metaKey || event.altKey) return false;
  if (!scroll(terminal, event.key)) return false;
  event.preventDefault();
  return false;
}

function scroll(terminal: Terminal, key: string): boolean {
  if (key === "ArrowUp") terminal.scrollLines(-1);
  else if (key === "ArrowDown") terminal.scrollLines(1);
  else if (key === "PageUp") terminal.scrollPages(-1);
  else if (key === "PageDown") terminal.scrollPages(1);
  else if (key === "Home") terminal.scrollToTop();
  else if (key === "End") terminal.scrollToBottom();
  else return false;
  return true;
}

/** There is nothing to type into, and so no cursor to see. */
function themeOf(parent: HTMLElement): ITheme {
  return { ...terminalTheme(parent), cursor: "transparent" };
}
