import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useStore } from "zustand";
import { systemQuery } from "@/api/queries/system";
import type { Runtime } from "@/api/schema";
import type { Command } from "@/commands/registry";
import { useRegisterCommands } from "@/commands/useCommands";
import { useWorkspaceSearch } from "@/commands/useWorkspaceNavigation";
import { workspaceStore } from "@/lib/workspaceStore";
import { toast } from "@/ui/Toast";
import { useStartRun, type Wanted } from "./useStartRun";

type RunnableFile = Extract<Wanted, { type: "file" }>;

/**
 * The file in the editor, when this machine can run it. Offers the command
 * `run.file` while the component is shown.
 */
export function useRunFile(workspaceId: string): RunnableFile | undefined {
  const { file: fileId } = useWorkspaceSearch();
  const { data: system } = useQuery(systemQuery);
  const { mutate } = useStartRun(workspaceId);
  const path = useStore(
    workspaceStore(workspaceId),
    ({ tabs }) => tabs.find((tab) => tab.fileId === fileId)?.path,
  );
  const isRunnable = path !== undefined && runtimeOf(path, system?.runtimes ?? []) !== undefined;
  const file = useMemo<RunnableFile | undefined>(
    () => (isRunnable && fileId ? { type: "file", fileId, path } : undefined),
    [isRunnable, fileId, path],
  );
  const commands = useMemo<Command[]>(
    () => [
      {
        id: "run.file",
        label: file ? `Run ${file.path}` : "Run the file",
        group: "Run",
        keys: "Mod+Enter",
        when: () => file !== undefined,
        run: () => {
          if (file) mutate(file, { onError: (error) => toast.error(error) });
        },
      },
    ],
    [file, mutate],
  );
  useRegisterCommands(commands);
  return file;
}

/** The runtime that a file's ending chooses. */
export function runtimeOf(path: string, runtimes: readonly Runtime[]): Runtime | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const ending = name.includes(".") ? name.slice(name.lastIndexOf(".") + 1).toLowerCase() : "";
  return runtimes.find(({ extensions }) => ending !== "" && extensions.includes(ending));
}
