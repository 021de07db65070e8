/** What an editor can do besides showing and taking text. Loaded once there is a text to show. */
import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from "@codemirror/autocomplete";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { type Extension, Prec } from "@codemirror/state";
import { keymap } from "@codemirror/view";

/** Finding, in a text that is only read. */
export function readingExtras(): Extension {
  return [search({ top: true }), keymap.of(searchKeymap)];
}

/** Finding and replacing, completion and closing brackets. */
export function writingExtras(): Extension {
  return [
    readingExtras(),
    highlightSelectionMatches(),
    closeBrackets(),
    autocompletion(),
    // Enter takes a completion before it breaks the line.
    Prec.high(keymap.of([...closeBracketsKeymap, ...completionKeymap])),
  ];
}
