/**
 * A terminal on the page: xterm on one side, the connection on the other.
 * Loaded only when a terminal is shown, because xterm is large.
 */
import "@xterm/xterm/css/xterm.css";
import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import type { LinkState } from "@/api/events";
import { followTerminal } from "@/api/terminalLink";
import type { TerminalNews } from "@/api/terminalStream";
import { onThemeChange, terminalFont, terminalTheme } from "@/ui/terminalTheme";
import { type ExtraKey, pageKeyOf, sequenceOf, withControl } from "./keys";
import { answerOnlyWhen } from "./queries";

export type Ended = Extract<TerminalNews, { type: "ended" }>;

export interface ScreenListener {
  onLink(link: LinkState): void;
  onEnded(end: Ended): void;
  /** The keyboard wants to leave the terminal. */
  onLeave(): void;
  /** A program's link was chosen: not opened before a person agrees. */
  onAddress(address: string): void;
  /** The Control of the key row was used up. */
  onControlUsed(): void;
}

export interface Screen {
  focus(): void;
  /** Types a key of the key row. */
  press(key: ExtraKey): void;
  /** Has the next typed character come with Control. */
  holdControl(isHeld: boolean): void;
  readAloud(isWanted: boolean): void;
  dispose(): void;
}

/** Lines kept here to scroll back to; the server keeps more. */
const SCROLLBACK = 10_000;
/** How long the size must rest before programs are told of it, in milliseconds. */
const SETTLE = 60;

/** Shows the terminal `id` in an element. `label` names it to screen readers. */
export function openScreen(
  parent: HTMLElement,
  id: string,
  label: string,
  listener: ScreenListener,
): Screen {
  const terminal = makeTerminal(parent, label, listener);
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  let isReplaying = true;
  let isControlHeld = false;
  const answers = answerOnlyWhen(
    terminal,
    () => !isReplaying && terminal.textarea === document.activeElement,
  );

  const link = followTerminal(id, {
    onLink: listener.onLink,
    onNews: (news, drawn) => {
      switch (news.type) {
        case "start":
          if (news.lost) beginAnew(terminal);
          terminal.resize(news.columns, news.rows);
          takeRoom();
          break;
        case "output":
          terminal.write("", () => {
            isReplaying = news.isReplay;
          });
          terminal.write(news.bytes, drawn);
          break;
        case "resized":
          terminal.resize(news.columns, news.rows);
          break;
        case "ended":
          terminal.options.disableStdin = true;
          terminal.write("\u001b[?25l");
          listener.onEnded(news);
          break;
      }
    },
  });

  /** Fills the element, and tells the program when that is another size. */
  function takeRoom(): void {
    // A hidden panel has no size; fitting to it would break every line.
    if (parent.clientWidth === 0 || parent.clientHeight === 0) return;
    const { cols, rows } = terminal;
    fit.fit();
    if (terminal.cols !== cols || terminal.rows !== rows) {
      link.resize(terminal.cols, terminal.rows);
    }
  }

  const encoder = new TextEncoder();
  terminal.onData((typed) => {
    const isCharacter = isControlHeld && typed.length === 1;
    link.type(encoder.encode(isCharacter ? withControl(typed) : typed));
    if (!isCharacter) return;
    isControlHeld = false;
    listener.onControlUsed();
  });
  // Mouse reports of old programs are bytes, not text.
  terminal.onBinary((typed) => link.type(Uint8Array.from(typed, (char) => char.charCodeAt(0))));

  const stopSizes = onRest(parent, takeRoom);
  const stopTheme = onThemeChange(() => {
    terminal.options.theme = terminalTheme(parent);
  });
  terminal.textarea?.addEventListener("focus", takeRoom);
  return {
    focus: () => terminal.focus(),
    press: (key) => {
      terminal.input(sequenceOf(key, terminal.modes.applicationCursorKeysMode, isControlHeld));
      terminal.focus();
    },
    holdControl: (isHeld) => {
      isControlHeld = isHeld;
      terminal.focus();
    },
    readAloud: (isWanted) => {
      terminal.options.screenReaderMode = isWanted;
    },
    dispose: () => {
      link.stop();
      stopSizes();
      stopTheme();
      answers.dispose();
      terminal.dispose();
    },
  };
}

function makeTerminal(parent: HTMLElement, label: string, listener: ScreenListener): Terminal {
  const terminal = new Terminal({
    fontFamily: terminalFont(parent),
    fontSize: 12.5,
    lineHeight: 1.25,
    minimumContrastRatio: 4.5,
    scrollback: SCROLLBACK,
    theme: terminalTheme(parent),
    linkHandler: { activate: (_, address) => listener.onAddress(address) },
  });
  terminal.open(parent);
  terminal.textarea?.setAttribute("aria-label", label);
  terminal.attachCustomKeyEventHandler((event) => onKey(terminal, event, listener));
  return terminal;
}

/** Keeps the few keys that are the page's; true for those that are the program's. */
function onKey(terminal: Terminal, event: KeyboardEvent, listener: ScreenListener): boolean {
  const meaning = pageKeyOf(event);
  if (meaning === undefined) return true;
  // The browser pastes by itself, and tells xterm.
  if (event.type !== "keydown" || meaning === "paste") return false;
  event.preventDefault();
  event.stopPropagation();
  if (meaning === "leave") listener.onLeave();
  else if (terminal.hasSelection()) {
    // Refused where the page isn't secure; the selection stays for the menu.
    void navigator.clipboard?.writeText(terminal.getSelection()).catch(() => undefined);
  }
  return false;
}

function beginAnew(terminal: Terminal): void {
  terminal.reset();
  terminal.write("\u001b[2m… earlier output is no longer kept\u001b[22m\r\n");
}

/** Calls `act` whenever the element's size has come to rest. */
function onRest(element: HTMLElement, act: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const sizes = new ResizeObserver(() => {
    clearTimeout(timer);
    timer = setTimeout(act, SETTLE);
  });
  sizes.observe(element);
  return () => {
    clearTimeout(timer);
    sizes.disconnect();
  };
}
