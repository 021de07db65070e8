/** Two texts side by side or one under the other, with what differs marked. */
import { MergeView, unifiedMergeView } from "@codemirror/merge";
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { conflictChoices, type SideNames } from "./conflictMarkers";
import { conflictPlaces, type MergePart, mergeDraft } from "./conflictPieces";
import { readingExtras, writingExtras } from "./extras";
import { loadLanguage } from "./language";
import { lineBreakOf, readingExtensions, readOnlyExtensions, writingExtensions } from "./setup";

/** What can be taken away again. */
export interface Mounted {
  destroy(): void;
}

/** A text and what it is called. */
export interface Side {
  readonly text: string;
  readonly label: string;
}

export interface Comparison {
  readonly path: string;
  readonly before: Side;
  readonly after: Side;
  /** One column, for narrow screens. */
  readonly isUnified: boolean;
}

const COLLAPSE = { margin: 3, minSize: 6 };
const DIFF = { scanLimit: 1000, timeout: 500 };

/** Shows two texts that can't be changed. */
export async function mountComparison(
  parent: HTMLElement,
  { path, before, after, isUnified }: Comparison,
): Promise<Mounted> {
  const language = (await loadLanguage(path)) ?? [];
  const reading = (label: string): Extension => [
    readingExtensions(label),
    readOnlyExtensions(),
    readingExtras(),
    language,
  ];
  if (isUnified) {
    const merge = unifiedMergeView({
      original: before.text,
      mergeControls: false,
      collapseUnchanged: COLLAPSE,
      diffConfig: DIFF,
    });
    const label = `${after.label}, compared with ${before.label}`;
    return new EditorView({ parent, doc: after.text, extensions: [reading(label), merge] });
  }
  return new MergeView({
    parent,
    a: { doc: before.text, extensions: reading(before.label) },
    b: { doc: after.text, extensions: reading(after.label) },
    collapseUnchanged: COLLAPSE,
    diffConfig: DIFF,
  });
}

/** An editor for a merge in pieces, with a choice at each place to decide. */
export async function mountPiecesEditor(
  parent: HTMLElement,
  { path, parts, names, onChange }: PiecesOptions,
): Promise<Mounted> {
  const language = (await loadLanguage(path)) ?? [];
  const lineBreak = lineBreakOf(parts.map(wholeOf).join(""));
  const { text, places } = mergeDraft(parts, lineBreak);
  let open = places.length;
  let told: number | undefined;
  const view: EditorView = new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        EditorState.lineSeparator.of(lineBreak),
        readingExtensions(`Merged text of ${path}`),
        writingExtensions(text),
        writingExtras(),
        conflictPlaces(places, names, (count) => {
          open = count;
        }),
        language,
        EditorView.updateListener.of(({ docChanged, state }) => {
          if (docChanged || told !== open) onChange(state.sliceDoc(), open);
          told = open;
        }),
      ],
    }),
  });
  return view;
}

function wholeOf(part: MergePart): string {
  return part.type === "same" ? part.text : part.yours + part.theirs;
}

export interface PiecesOptions {
  readonly path: string;
  readonly parts: readonly MergePart[];
  readonly names: SideNames;
  /** Hears the text and how many places are still to be decided. */
  readonly onChange: (text: string, open: number) => void;
}

export interface MergeEditor extends Mounted {
  text(): string;
}

/** An editor for a merged text, with a choice at each conflict. */
export async function mountMergeEditor(
  parent: HTMLElement,
  {
    path,
    text,
    names,
    onChange,
  }: { path: string; text: string; names: SideNames; onChange: (text: string) => void },
): Promise<MergeEditor> {
  const language = (await loadLanguage(path)) ?? [];
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        EditorState.lineSeparator.of(lineBreakOf(text)),
        readingExtensions(`Merged text of ${path}`),
        writingExtensions(text),
        writingExtras(),
        conflictChoices(names),
        language,
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onChange(update.state.sliceDoc());
        }),
      ],
    }),
  });
  return { destroy: () => view.destroy(), text: () => view.state.sliceDoc() };
}
