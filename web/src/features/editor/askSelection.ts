import type { Documents } from "@/editor/documents";
import type { WorkspaceStore } from "@/lib/workspaceStore";
import { toast } from "@/ui/Toast";

/**
 * Puts the selected lines into the next question. The assistant reads what is
 * saved, so the file is saved first. True when they are there.
 */
export async function takeSelection(
  documents: Documents,
  store: WorkspaceStore,
  fileId: string,
): Promise<boolean> {
  if (!(await documents.ensureSaved(fileId))) return false;
  const info = documents.info(fileId);
  if (!info) return false;
  const { path, versionId } = info;
  // Lines are counted in the text as it is now; the version has another one.
  if (info.isDirty) {
    toast.info(`${path} changed while it was saved. Ask about the selection again`);
    return false;
  }
  const lines = documents.selectedLines(fileId);
  if (!lines) {
    toast.info(`Nothing is selected in ${path} any more`);
    return false;
  }
  const isOlder = store
    .getState()
    .selections.some((other) => other.path === path && other.versionId !== versionId);
  store.getState().addSelection({ path, versionId, lines });
  if (isOlder) toast.info(`What was selected of ${path} before it changed is left out`);
  return true;
}
