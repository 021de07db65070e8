import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useState } from "react";
import { ApiError } from "@/api/client";
import { saveFile } from "@/api/queries/files";
import { keys } from "@/api/queries/keys";
import type { StaleFile } from "@/api/schema";
import type { Documents } from "@/editor/documents";
import { toast } from "@/ui/Toast";

/** Conflicts that wait for a decision, by file. */
export type Conflicts = Readonly<Record<string, StaleFile>>;

export interface Saver {
  readonly conflicts: Conflicts;
  /** The files that are being saved. */
  readonly saving: ReadonlySet<string>;
  /** Saves what stands in the editor; true when it was saved. */
  save(fileId: string): Promise<boolean>;
  /** Ends the conflict of a file without a decision. */
  dropConflict(fileId: string): void;
}

/** Saves documents over the version they were read at. */
export function useSaver(documents: Documents): Saver {
  const client = useQueryClient();
  const [conflicts, setConflicts] = useState<Conflicts>({});
  const [saving, setSaving] = useState<ReadonlySet<string>>(new Set());

  const dropConflict = useCallback(
    (fileId: string) => setConflicts(({ [fileId]: _settled, ...rest }) => rest),
    [],
  );

  const save = useCallback(
    async (fileId: string): Promise<boolean> => {
      const text = documents.text(fileId);
      const info = documents.info(fileId);
      if (text === undefined || !info) return false;
      setSaving((ids) => new Set([...ids, fileId]));
      try {
        const saved = await saveFile(fileId, text, info.versionId);
        // An answer to an older question must not follow this one.
        await client.cancelQueries({ queryKey: keys.file(fileId) });
        documents.saved(fileId, { versionId: saved.versionId ?? info.versionId, text });
        client.setQueryData(keys.file(fileId), saved);
        void client.invalidateQueries({ queryKey: keys.versions(fileId) });
        dropConflict(fileId);
        return true;
      } catch (error) {
        const stale = staleOf(error);
        if (stale) setConflicts((all) => ({ ...all, [fileId]: stale }));
        else toast.error(error);
        return false;
      } finally {
        setSaving((ids) => new Set([...ids].filter((id) => id !== fileId)));
      }
    },
    [client, documents, dropConflict],
  );

  const saveInTurn = useInTurn(save);
  useEffect(() => {
    documents.saver = saveInTurn;
  }, [documents, saveInTurn]);
  return { conflicts, saving, save: saveInTurn, dropConflict };
}

function staleOf(error: unknown): StaleFile | undefined {
  return error instanceof ApiError && error.code === "stale_version"
    ? (error.problem.stale ?? undefined)
    : undefined;
}

/** Two saves of one file at once would refuse each other: the second waits. */
function useInTurn(save: (fileId: string) => Promise<boolean>) {
  const [running] = useState(() => new Map<string, Promise<boolean>>());
  return useCallback(
    (fileId: string): Promise<boolean> => {
      const before = running.get(fileId) ?? Promise.resolve(true);
      const next = before.then(() => save(fileId));
      running.set(fileId, next);
      void next.finally(() => {
        if (running.get(fileId) === next) running.delete(fileId);
      });
      return next;
    },
    [running, save],
  );
}
