import { createStore, type StoreApi } from "zustand/vanilla";
import { type SelectedLines, withSelection } from "./selection";
import { readStored, writeStored } from "./storage";

/**
 * What a person arranged in a workspace: open tabs, open folders, unsent text.
 * Pure state of the page, kept in this browser. The active tab is not here but
 * in the address (`?file=`, see `workspaceSearch.ts`); file contents are the
 * server's and the editor's.
 */

export interface OpenTab {
  fileId: string;
  /** The path last known, for the label before the file is loaded. */
  path: string;
}

/** What survives a reload. */
interface Kept {
  tabs: OpenTab[];
  /** The tab that was active last, for opening the workspace without `?file=`. */
  lastFile: string | null;
  /** Paths of the folders that are open in the explorer. */
  expanded: string[];
  /** Unsent chat text by conversation id; `new` for one that isn't begun. */
  drafts: Record<string, string>;
  /** Where each file is scrolled to: the first visible line, from 1. */
  scroll: Record<string, number>;
}

export interface WorkspaceUi extends Kept {
  /** Files with text that isn't saved. */
  dirty: ReadonlySet<string>;
  /** The lines that go with the next question. */
  selections: readonly SelectedLines[];
  /** Opens a tab, or corrects the path of the one that is open. */
  openTab(tab: OpenTab): void;
  /** Closes a tab and returns the file to show next, if any. */
  closeTab(fileId: string): string | null;
  /** Puts a tab at another place in the row. */
  moveTab(fileId: string, index: number): void;
  setLastFile(fileId: string | null): void;
  setDirty(fileId: string, dirty: boolean): void;
  addSelection(added: SelectedLines): void;
  setSelections(selections: readonly SelectedLines[]): void;
  setExpanded(path: string, expanded: boolean): void;
  setDraft(conversation: string, text: string): void;
  setScroll(fileId: string, line: number): void;
}

export type WorkspaceStore = StoreApi<WorkspaceUi>;

const EMPTY: Kept = { tabs: [], lastFile: null, expanded: [], drafts: {}, scroll: {} };

/** More tabs than this are not kept: nobody reads them, and each costs a row. */
const MAX_TABS = 100;
/** Drafts longer than this are not kept. The server's own limit is the same. */
const MAX_DRAFT = 262_144;

const stores = new Map<string, WorkspaceStore>();

/** Returns the store of a workspace; always the same one. */
export function workspaceStore(workspaceId: string): WorkspaceStore {
  const known = stores.get(workspaceId);
  if (known) return known;
  const key = storageKey(workspaceId);
  const store = createWorkspaceStore(parseKept(readStored(key)));
  let written: Kept = store.getState();
  store.subscribe((state) => {
    if (sameKept(state, written)) return;
    written = state;
    writeStored(key, keptOf(state));
  });
  stores.set(workspaceId, store);
  return store;
}

/** Makes a store that keeps nothing, for tests and for `workspaceStore`. */
export function createWorkspaceStore(kept: Kept = EMPTY): WorkspaceStore {
  return createStore<WorkspaceUi>()((set, get) => ({
    ...kept,
    dirty: new Set<string>(),
    selections: [],
    openTab: (tab) => set(({ tabs }) => ({ tabs: withTab(tabs, tab) })),
    closeTab: (fileId) => {
      const { tabs, dirty } = get();
      const at = tabs.findIndex((tab) => tab.fileId === fileId);
      const left = tabs.filter((tab) => tab.fileId !== fileId);
      set({ tabs: left, dirty: withMember(dirty, fileId, false) });
      return (left[at] ?? left[at - 1] ?? left.at(-1))?.fileId ?? null;
    },
    moveTab: (fileId, index) => set(({ tabs }) => ({ tabs: moved(tabs, fileId, index) })),
    setLastFile: (lastFile) => set({ lastFile }),
    setDirty: (fileId, is) => {
      if (get().dirty.has(fileId) !== is) set({ dirty: withMember(get().dirty, fileId, is) });
    },
    addSelection: (added) =>
      set(({ selections }) => ({ selections: withSelection(selections, added) })),
    setSelections: (selections) => set({ selections }),
    setExpanded: (path, is) => {
      const expanded = get().expanded;
      if (expanded.includes(path) === is) return;
      set({ expanded: is ? [...expanded, path] : expanded.filter((other) => other !== path) });
    },
    setDraft: (conversation, text) =>
      set(({ drafts }) => ({ drafts: withEntry(drafts, conversation, text || undefined) })),
    setScroll: (fileId, line) =>
      set(({ scroll }) => ({ scroll: withEntry(scroll, fileId, line > 1 ? line : undefined) })),
  }));
}

/** Reads what was kept, dropping every part that isn't in the form it should be. */
export function parseKept(raw: unknown): Kept {
  if (!isRecord(raw)) return EMPTY;
  return {
    tabs: arrayOf(raw.tabs, isTab).slice(0, MAX_TABS),
    lastFile: isText(raw.lastFile) ? raw.lastFile : null,
    expanded: arrayOf(raw.expanded, isText),
    drafts: entriesOf(raw.drafts, isText),
    scroll: entriesOf(raw.scroll, (value): value is number => Number.isInteger(value)),
  };
}

function storageKey(workspaceId: string): string {
  return `atelier.workspace.${workspaceId}`;
}

function keptOf({ tabs, lastFile, expanded, drafts, scroll }: Kept): Kept {
  const short = Object.entries(drafts).filter(([, text]) => text.length <= MAX_DRAFT);
  return { tabs, lastFile, expanded, drafts: Object.fromEntries(short), scroll };
}

function sameKept(a: Kept, b: Kept): boolean {
  return (Object.keys(EMPTY) as (keyof Kept)[]).every((key) => a[key] === b[key]);
}

function withTab(tabs: OpenTab[], tab: OpenTab): OpenTab[] {
  const known = tabs.find((other) => other.fileId === tab.fileId);
  if (!known) return [...tabs, tab].slice(-MAX_TABS);
  if (known.path === tab.path) return tabs;
  return tabs.map((other) => (other === known ? tab : other));
}

function moved(tabs: OpenTab[], fileId: string, index: number): OpenTab[] {
  const tab = tabs.find((other) => other.fileId === fileId);
  if (!tab) return tabs;
  const rest = tabs.filter((other) => other !== tab);
  return [...rest.slice(0, index), tab, ...rest.slice(index)];
}

function withMember(set: ReadonlySet<string>, member: string, is: boolean): ReadonlySet<string> {
  const next = new Set(set);
  if (is) next.add(member);
  else next.delete(member);
  return next;
}

function withEntry<T>(all: Record<string, T>, key: string, value: T | undefined) {
  const { [key]: _old, ...rest } = all;
  return value === undefined ? rest : { ...rest, [key]: value };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isTab(value: unknown): value is OpenTab {
  return isRecord(value) && isText(value.fileId) && isText(value.path);
}

function arrayOf<T>(raw: unknown, is: (value: unknown) => value is T): T[] {
  return Array.isArray(raw) ? raw.filter(is) : [];
}

function entriesOf<T>(raw: unknown, is: (value: unknown) => value is T): Record<string, T> {
  if (!isRecord(raw)) return {};
  const good = Object.entries(raw).filter((entry): entry is [string, T] => is(entry[1]));
  return Object.fromEntries(good);
}
