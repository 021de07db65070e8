/** What keys send to a terminal's program, for keyboards that lack them. */

const ESCAPE = "\u001b";

/** The keys of the row that a touch screen gets. */
export const EXTRA_KEYS = [
  "Escape",
  "Tab",
  "ArrowUp",
  "ArrowDown",
  "ArrowLeft",
  "ArrowRight",
] as const;

export type ExtraKey = (typeof EXTRA_KEYS)[number];

const ARROWS: Partial<Record<ExtraKey, string>> = {
  ArrowUp: "A",
  ArrowDown: "B",
  ArrowRight: "C",
  ArrowLeft: "D",
};

/**
 * What a key sends. Full-screen programs ask for arrows of their own
 * (`isApplication`), and Control is told in the sequence.
 */
export function sequenceOf(key: ExtraKey, isApplication: boolean, isControl: boolean): string {
  if (key === "Escape") return ESCAPE;
  if (key === "Tab") return "\t";
  const final = ARROWS[key] ?? "";
  if (isControl) return `${ESCAPE}[1;5${final}`;
  return ESCAPE + (isApplication ? "O" : "[") + final;
}

/** A typed character with Control held: `c` becomes 0x03. Others stay as they are. */
export function withControl(typed: string): string {
  if (typed.length !== 1) return typed;
  if (typed === "?") return "\u007f";
  if (typed === " ") return "\0";
  const code = typed.toUpperCase().charCodeAt(0);
  return code >= 0x40 && code <= 0x5f ? String.fromCharCode(code - 0x40) : typed;
}

/** The keys by which the focus goes into the terminal and out again. */
export const TOGGLE_KEYS = "Ctrl+`";
export const LEAVE_KEYS = "Shift+F6";

type Pressed = Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "shiftKey" | "altKey" | "metaKey">;

/** What the page does with a key instead of the program. */
export type PageKey = "leave" | "copy" | "paste";

/** The page's own meaning of a key, if it has one. Everything else is the program's. */
export function pageKeyOf(event: Pressed): PageKey | undefined {
  if (event.altKey || event.metaKey) return undefined;
  // By its place: on many keyboards the backtick waits for a letter.
  if (event.ctrlKey && !event.shiftKey && event.code === "Backquote") return "leave";
  if (event.shiftKey && !event.ctrlKey && event.key === "F6") return "leave";
  if (!event.ctrlKey || !event.shiftKey) return undefined;
  if (event.code === "KeyC") return "copy";
  return event.code === "KeyV" ? "paste" : undefined;
}
