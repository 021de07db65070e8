import { readStored, writeStored } from "@/lib/storage";
import { workspaceStore } from "@/lib/workspaceStore";
import { Documents } from "./documents";
import { UnsavedTexts } from "./unsaved";

const opened = new Map<string, Documents>();

/** The open documents of a workspace; always the same ones, as long as the page lives. */
export function documentsOf(workspaceId: string): Documents {
  const known = opened.get(workspaceId);
  if (known) return known;
  const unsaved = new UnsavedTexts({ read: readStored, write: writeStored });
  const store = workspaceStore(workspaceId);
  const documents = new Documents(unsaved, (fileId, isDirty) =>
    store.getState().setDirty(fileId, isDirty),
  );
  // Tabs that were left with unsaved text say so before they are opened.
  for (const { fileId } of store.getState().tabs) {
    if (unsaved.read(fileId)) store.getState().setDirty(fileId, true);
  }
  globalThis.addEventListener?.("pagehide", () => unsaved.flush());
  opened.set(workspaceId, documents);
  return documents;
}
