/** What every editor of the product can do, put together from CodeMirror's parts. */
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import {
  bracketMatching,
  foldGutter,
  foldKeymap,
  indentOnInput,
  indentUnit,
} from "@codemirror/language";
import { EditorState, type Extension } from "@codemirror/state";
import {
  crosshairCursor,
  drawSelection,
  dropCursor,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  rectangularSelection,
} from "@codemirror/view";
import { theme } from "./theme";

/** Above this many characters a person is warned that editing may be slow. */
export const LARGE_TEXT = 1024 * 1024;
/** Above this many characters a text is only shown, without colours. */
export const READ_ONLY_TEXT = 5 * 1024 * 1024;

/** How a text of some length is treated. */
export type SizeClass = "normal" | "large" | "readOnly";

/** Says how a text is treated, by its length in characters. */
export function sizeClass(length: number): SizeClass {
  if (length > READ_ONLY_TEXT) return "readOnly";
  return length > LARGE_TEXT ? "large" : "normal";
}

/**
 * The line break a text is written with. Only when every one is `\r\n` does the
 * editor think in those; a text that mixes them keeps its `\r` as characters,
 * so that what is saved is what was loaded, byte for byte.
 */
export function lineBreakOf(text: string): "\n" | "\r\n" {
  const breaks = text.split("\n").length - 1;
  const windows = text.split("\r\n").length - 1;
  return breaks > 0 && breaks === windows ? "\r\n" : "\n";
}

/** The indentation a text is written with: a tab, or a number of spaces. */
export function indentOf(text: string): string {
  const lines = text.slice(0, 50_000).split("\n");
  if (lines.some((line) => line.startsWith("\t"))) return "\t";
  const widths = lines
    .map((line) => /^ +(?=\S)/u.exec(line)?.[0].length ?? 0)
    .filter((width) => width > 1);
  const narrowest = Math.min(8, ...widths);
  return widths.length === 0 ? "  " : " ".repeat(narrowest);
}

/** What a reader and a writer of text both need. `label` names it to screen readers. */
export function readingExtensions(label: string): Extension {
  return [
    theme,
    lineNumbers(),
    highlightSpecialChars(),
    drawSelection(),
    bracketMatching(),
    EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
  ];
}

/** A text that is shown but can't be changed, with a caret to move by keyboard. */
export function readOnlyExtensions(): Extension {
  return [
    EditorState.readOnly.of(true),
    // A phone would otherwise bring up its keyboard for nothing.
    EditorView.contentAttributes.of({ "aria-readonly": "true", inputmode: "none" }),
    keymap.of(defaultKeymap),
  ];
}

/** What is added for writing; `extras.ts` has what can wait until a text is shown. */
export function writingExtensions(text: string): Extension {
  return [
    history(),
    foldGutter(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    dropCursor(),
    EditorState.allowMultipleSelections.of(true),
    indentOnInput(),
    indentUnit.of(indentOf(text)),
    rectangularSelection(),
    crosshairCursor(),
    keymap.of([
      // The page runs the file on it, also from inside the editor.
      ...defaultKeymap.filter(({ key }) => key !== "Mod-Enter"),
      ...historyKeymap,
      ...foldKeymap,
      // Escape, then Tab, leaves the editor: the keyboard is never trapped.
      indentWithTab,
    ]),
  ];
}
