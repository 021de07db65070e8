import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { createFile, deleteFile, renameFile, undeleteFile } from "@/api/queries/files";
import { keys } from "@/api/queries/keys";
import type { File, NewFileKind } from "@/api/schema";
import { toast } from "@/ui/Toast";
import { nameOf } from "./treeModel";

export interface TreeActions {
  /** Makes a file or folder; nothing when it was refused, which is told. */
  create(path: string, kind: NewFileKind): Promise<File | undefined>;
  /** Gives an entry another path; true when it has it. */
  rename(file: File, path: string): Promise<boolean>;
  /** Deletes an entry and offers to bring it back. */
  remove(file: File): Promise<void>;
  restore(file: File): Promise<void>;
}

/** What can be done to the files of a workspace. Refusals are told in a toast. */
export function useTreeActions(workspaceId: string): TreeActions {
  const client = useQueryClient();

  const changeList = useCallback(
    async (change: (files: File[]) => File[]) => {
      // An answer that was asked for before the change would undo it on screen.
      await client.cancelQueries({ queryKey: keys.files(workspaceId) });
      client.setQueryData<File[]>(keys.files(workspaceId), (files) => files && change(files));
      void client.invalidateQueries({ queryKey: keys.files(workspaceId) });
    },
    [client, workspaceId],
  );

  return useMemo(() => {
    const restore = (file: File) =>
      orTell(async () => {
        const { file: back } = await undeleteFile(file.id);
        await changeList((files) => [...files.filter(({ id }) => id !== back.id), back]);
        void client.invalidateQueries({ queryKey: keys.file(file.id) });
      });
    return {
      create: (path, kind) =>
        orTell(async () => {
          const made = await createFile(workspaceId, { path, kind });
          client.setQueryData(keys.file(made.file.id), made);
          await changeList((files) => [...files, made.file]);
          return made.file;
        }),
      rename: async (file, path) => {
        const isDone = await orTell(async () => {
          await renameFile(file.id, path);
          await changeList((files) => files.map((each) => moved(each, file.path, path)));
          void client.invalidateQueries({ queryKey: keys.file(file.id) });
          return true;
        });
        return isDone === true;
      },
      remove: async (file) => {
        await orTell(async () => {
          await deleteFile(file.id);
          await changeList((files) => files.filter((each) => !isWithin(each.path, file.path)));
          void client.invalidateQueries({ queryKey: keys.file(file.id) });
          const undo = { label: "Undo", run: () => void restore(file) };
          toast.success(`${nameOf(file.path)} was deleted`, undo);
        });
      },
      restore: async (file) => {
        await restore(file);
        toast.success(`${nameOf(file.path)} is back`);
      },
    };
  }, [client, workspaceId, changeList]);
}

async function orTell<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    toast.error(error);
    return undefined;
  }
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function moved(file: File, from: string, to: string): File {
  return isWithin(file.path, from) ? { ...file, path: to + file.path.slice(from.length) } : file;
}
