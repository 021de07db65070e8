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
  const lines = documents.selectedLines(fileId);
  if (!info || !lines) return false;
  const { path, versionId } = info;
  const isOlder = store
    .getState()
    .selections.some((other) => other.path === path && other.versionId !== versionId);
  store.getState().addSelection({ path, versionId, lines });
  if (isOlder) toast.info(`What was selected of ${path} before it changed is left out`);
  return true;
}
