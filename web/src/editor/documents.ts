/**
 * The texts that are open in the editor, of one workspace.
 *
 * A document knows the version its text was saved as, whether it has changed
 * since, and what the server has meanwhile. Text lives in CodeMirror's state
 * alone; what a page shows about a document (`DocumentInfo`) is a new object
 * whenever it changes. Knows neither React nor the network.
 */
import {
  Annotation,
  Compartment,
  EditorState,
  type Extension,
  type StateEffect,
  type Text,
  type TransactionSpec,
} from "@codemirror/state";
import { EditorView, type ViewUpdate } from "@codemirror/view";
import type { LineRange } from "@/lib/selection";
import { loadLanguage } from "./language";
import {
  lineBreakOf,
  readingExtensions,
  readOnlyExtensions,
  type SizeClass,
  sizeClass,
  writingExtensions,
} from "./setup";
import type { UnsavedTexts } from "./unsaved";

/** A text as the server has it. */
export interface ServerText {
  readonly versionId: string;
  readonly text: string;
}

/** What is known of an open document besides its text. */
export interface DocumentInfo {
  readonly fileId: string;
  readonly path: string;
  /** The version that the next save is made over. */
  readonly versionId: string;
  readonly isDirty: boolean;
  readonly size: SizeClass;
  /** Its unsaved text was left over from an earlier visit. */
  readonly isRestored: boolean;
  /** What the server has meanwhile, when that can't simply be shown. */
  readonly incoming: ServerText | undefined;
}

/** Where the caret is, counted from 1. */
export interface Caret {
  readonly line: number;
  readonly column: number;
  /** How many characters are selected. */
  readonly selected: number;
}

/** Tells the page's own changes of a text from a person's. */
const external = Annotation.define<true>();

interface Entry {
  info: DocumentInfo;
  state: EditorState;
  saved: Text;
  readonly language: Compartment;
  readonly label: Compartment;
  readonly extras: Compartment;
  hasExtras: boolean;
  view: EditorView | undefined;
  scroll: StateEffect<unknown> | undefined;
}

export class Documents {
  private readonly entries = new Map<string, Entry>();
  private readonly listeners = new Set<() => void>();
  private readonly caretListeners = new Set<() => void>();

  /** `onDirty` hears of each document that becomes dirty or clean. */
  constructor(
    private readonly unsaved: UnsavedTexts,
    private readonly onDirty: (fileId: string, isDirty: boolean) => void = () => undefined,
  ) {}

  /** Saves a document; the editor's pane says how. True when nothing is left to save. */
  saver: (fileId: string) => Promise<boolean> = async () => false;

  /** Saves a document if it has changes; true when it is saved, but for what is typed meanwhile. */
  async ensureSaved(fileId: string): Promise<boolean> {
    return this.info(fileId)?.isDirty ? this.saver(fileId) : true;
  }

  /** Calls `listener` whenever a document's info changes; returns what ends that. */
  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Calls `listener` whenever a caret moves; returns what ends that. */
  subscribeCaret = (listener: () => void): (() => void) => {
    this.caretListeners.add(listener);
    return () => this.caretListeners.delete(listener);
  };

  /** Where the main caret of a document is. */
  caret(fileId: string): Caret | undefined {
    const entry = this.entries.get(fileId);
    if (!entry) return undefined;
    const { main, ranges } = entry.state.selection;
    const line = entry.state.doc.lineAt(main.head);
    const selected = ranges.reduce((sum, range) => sum + range.to - range.from, 0);
    return { line: line.number, column: main.head - line.from + 1, selected };
  }

  /** The lines that the main selection reaches into; nothing when it is empty. */
  selectedLines(fileId: string): LineRange | undefined {
    const state = this.entries.get(fileId)?.state;
    const main = state?.selection.main;
    if (!state || !main || main.empty) return undefined;
    const first = state.doc.lineAt(main.from).number;
    const end = state.doc.lineAt(main.to);
    // One that ends where a line begins has nothing of that line.
    const last = end.from === main.to ? end.number - 1 : end.number;
    return { first, last: Math.max(first, last) };
  }

  /** The line break a document is written with. */
  lineBreak(fileId: string): string | undefined {
    return this.entries.get(fileId)?.state.lineBreak;
  }

  /** Puts the caret on a line, from 1, and scrolls there. */
  goTo(fileId: string, line: number): void {
    const entry = this.entries.get(fileId);
    if (!entry) return;
    const { doc } = entry.state;
    const at = doc.line(Math.min(Math.max(line, 1), doc.lines)).from;
    const effects = EditorView.scrollIntoView(at, { y: "center" });
    this.dispatch(entry, { selection: { anchor: at }, effects });
  }

  /** What is known of a document; nothing when it isn't open. */
  info(fileId: string): DocumentInfo | undefined {
    return this.entries.get(fileId)?.info;
  }

  /** The text as it stands in the editor, with its own line breaks. */
  text(fileId: string): string | undefined {
    return this.entries.get(fileId)?.state.sliceDoc();
  }

  /**
   * Takes in what the server has: opens the document, shows the new text when
   * nothing would be lost by it, and else keeps it as `incoming`.
   */
  receive(fileId: string, path: string, server: ServerText): void {
    const entry = this.entries.get(fileId);
    if (!entry) {
      this.open(fileId, path, server);
      return;
    }
    if (path !== entry.info.path) this.relabel(entry, path);
    if (server.versionId === entry.info.versionId) {
      if (entry.info.incoming) this.change(entry, { incoming: undefined });
      return;
    }
    const isSame = entry.state.sliceDoc() === server.text;
    if (!entry.info.isDirty || isSame) this.adopt(entry, server);
    else this.change(entry, { incoming: server });
  }

  /** A save succeeded: `server` is what was sent, as the version it became. */
  saved(fileId: string, server: ServerText): void {
    const entry = this.entries.get(fileId);
    if (!entry) return;
    entry.saved = entry.state.toText(server.text);
    this.change(entry, { versionId: server.versionId, incoming: undefined, isRestored: false });
    this.settle(entry);
  }

  /** Puts a text in place as if it had been typed, over the version of `server`. */
  rebase(fileId: string, text: string, server: ServerText): void {
    const entry = this.entries.get(fileId);
    if (!entry) return;
    this.replace(entry, text, false);
    this.saved(fileId, server);
  }

  /** Gives up what isn't saved and shows what the server has. */
  discard(fileId: string): void {
    const entry = this.entries.get(fileId);
    if (!entry) return;
    const { incoming, versionId } = entry.info;
    const text = entry.saved.sliceString(0, undefined, entry.state.lineBreak);
    this.adopt(entry, incoming ?? { versionId, text });
    this.change(entry, { isRestored: false });
  }

  /** Takes away the notice that old unsaved text was brought back. */
  acknowledge(fileId: string): void {
    const entry = this.entries.get(fileId);
    if (entry) this.change(entry, { isRestored: false });
  }

  /** Closes a document and forgets its unsaved text. */
  close(fileId: string): void {
    this.unsaved.forget(fileId);
    if (this.entries.delete(fileId)) this.tell();
  }

  /**
   * Shows a document in a view in place of what it shows; `firstLine` is where
   * it is scrolled to when it has not been shown before.
   */
  attach(fileId: string, view: EditorView, firstLine = 1): void {
    const entry = this.entries.get(fileId);
    if (!entry || entry.view === view) return;
    this.detach(view);
    entry.view = view;
    view.setState(entry.state);
    const place = firstLine > 1 ? scrollTo(entry.state.doc, firstLine) : undefined;
    const effects = entry.scroll ?? place;
    if (effects) view.dispatch({ effects });
    void this.loadGrammar(entry);
    void this.loadExtras(entry);
  }

  /** Takes the shown document out of a view, remembering where it was scrolled to. */
  detach(view: EditorView): void {
    for (const entry of this.entries.values()) {
      if (entry.view !== view) continue;
      entry.scroll = view.scrollSnapshot();
      entry.view = undefined;
    }
  }

  private open(fileId: string, path: string, server: ServerText): void {
    const left = this.unsaved.read(fileId);
    const kept = left && left.text !== server.text ? left : undefined;
    if (left && !kept) this.unsaved.forget(fileId);
    const text = kept?.text ?? server.text;
    const isStale = kept !== undefined && kept.versionId !== server.versionId;
    const info: DocumentInfo = {
      fileId,
      path,
      versionId: kept?.versionId ?? server.versionId,
      isDirty: kept !== undefined,
      size: sizeClass(server.text.length),
      isRestored: kept !== undefined,
      incoming: isStale ? server : undefined,
    };
    const language = new Compartment();
    const label = new Compartment();
    const extras = new Compartment();
    const lineBreak = lineBreakOf(text);
    const extensions: Extension = [
      EditorState.lineSeparator.of(lineBreak),
      // What is pasted takes on the line breaks of the file it comes into.
      EditorView.clipboardInputFilter.of((pasted) => pasted.replace(/\r\n?|\n/gu, lineBreak)),
      label.of(readingExtensions(`Text of ${path}`)),
      language.of([]),
      extras.of([]),
      info.size === "readOnly" ? readOnlyExtensions() : writingExtensions(text),
      EditorView.updateListener.of((update) => this.onUpdate(fileId, update)),
    ];
    const state = EditorState.create({ doc: text, extensions });
    const saved = state.toText(server.text);
    const compartments = { language, label, extras };
    const shown = { hasExtras: false, view: undefined, scroll: undefined };
    this.entries.set(fileId, { info, state, saved, ...compartments, ...shown });
    if (info.isDirty) this.onDirty(fileId, true);
    this.tell();
  }

  private onUpdate(fileId: string, update: ViewUpdate): void {
    const entry = this.entries.get(fileId);
    if (!entry) return;
    entry.state = update.state;
    if (update.docChanged) this.settle(entry);
    if (update.docChanged || update.selectionSet) {
      for (const listener of this.caretListeners) listener();
    }
  }

  /** Works out whether the text differs from what is saved, and keeps it if so. */
  private settle(entry: Entry): void {
    const { fileId, versionId, isDirty: wasDirty } = entry.info;
    const isDirty = !entry.state.doc.eq(entry.saved);
    if (isDirty) this.unsaved.keep(fileId, versionId, () => entry.state.sliceDoc());
    else this.unsaved.forget(fileId);
    if (isDirty === wasDirty) return;
    this.change(entry, isDirty ? { isDirty } : { isDirty, isRestored: false });
    this.onDirty(fileId, isDirty);
  }

  private adopt(entry: Entry, server: ServerText): void {
    entry.saved = entry.state.toText(server.text);
    this.replace(entry, server.text, true);
    this.change(entry, { versionId: server.versionId, incoming: undefined });
    this.settle(entry);
  }

  /** Changes no more of the text than differs, so that the caret stays where it is. */
  private replace(entry: Entry, text: string, isExternal: boolean): void {
    const { state } = entry;
    const changes = smallestChange(state.doc, state.toText(text));
    if (!changes) return;
    this.dispatch(entry, { changes, ...(isExternal ? { annotations: external.of(true) } : {}) });
  }

  private dispatch(entry: Entry, spec: TransactionSpec): void {
    if (entry.view) entry.view.dispatch(spec);
    else entry.state = entry.state.update(spec).state;
  }

  private relabel(entry: Entry, path: string): void {
    this.change(entry, { path });
    const label = readingExtensions(`Text of ${path}`);
    this.dispatch(entry, { effects: entry.label.reconfigure(label) });
    void this.loadGrammar(entry);
  }

  private async loadGrammar(entry: Entry): Promise<void> {
    if (entry.info.size === "readOnly") return;
    const { path } = entry.info;
    const support = await loadLanguage(path);
    const isStill = this.entries.get(entry.info.fileId) === entry && entry.info.path === path;
    if (!isStill || entry.language.get(entry.state) === support) return;
    this.dispatch(entry, { effects: entry.language.reconfigure(support ?? []) });
  }

  private async loadExtras(entry: Entry): Promise<void> {
    const { readingExtras, writingExtras } = await import("./extras");
    if (entry.hasExtras || this.entries.get(entry.info.fileId) !== entry) return;
    entry.hasExtras = true;
    const extras = entry.info.size === "readOnly" ? readingExtras() : writingExtras();
    this.dispatch(entry, { effects: entry.extras.reconfigure(extras) });
  }

  private change(entry: Entry, change: Partial<DocumentInfo>): void {
    entry.info = { ...entry.info, ...change };
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

function scrollTo(doc: Text, line: number): StateEffect<unknown> {
  return EditorView.scrollIntoView(doc.line(Math.min(line, doc.lines)).from, { y: "start" });
}

/** The one range in which two texts differ, or nothing. */
export function smallestChange(
  from: Text,
  to: Text,
): { from: number; to: number; insert: Text } | undefined {
  if (from.eq(to)) return undefined;
  const a = from.sliceString(0);
  const b = to.sliceString(0);
  const most = Math.min(a.length, b.length);
  let start = 0;
  while (start < most && a.charCodeAt(start) === b.charCodeAt(start)) start += 1;
  let end = 0;
  while (
    end < most - start &&
    a.charCodeAt(a.length - 1 - end) === b.charCodeAt(b.length - 1 - end)
  ) {
    end += 1;
  }
  return { from: start, to: a.length - end, insert: to.slice(start, b.length - end) };
}
