import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { filesQuery } from "@/api/queries/files";
import { availableCommands, useCommands } from "@/commands/registry";
import { useShowInWorkspace } from "@/commands/useWorkspaceNavigation";
import { rank } from "@/lib/fuzzy";
import { CommandPalette, type PaletteItem } from "@/ui/CommandPalette";

/** More than this nobody reads; some more letters narrow it down. */
const MOST_FILES = 30;
const MOST_COMMANDS = 50;

/** The palette over all commands and, in a workspace, its files. */
export function Palette({ mode, onClose }: { mode: "all" | "files"; onClose: () => void }) {
  const { workspaceId } = useParams({ strict: false });
  const commands = useCommands();
  const show = useShowInWorkspace();
  const { data: files = [] } = useQuery({
    ...filesQuery(workspaceId ?? ""),
    enabled: workspaceId !== undefined,
  });

  const findFiles = (query: string): PaletteItem[] => {
    const known = files.filter((file) => file.kind === "file");
    return rank(query, known, (file) => file.path, MOST_FILES).map((file) => ({
      id: file.id,
      label: file.path,
      group: "Files",
      run: () => show({ file: file.id, line: undefined, panel: "editor" }),
    }));
  };
  const findCommands = (query: string): PaletteItem[] => {
    const known = availableCommands(commands).filter(({ id }) => id !== "palette.open");
    return rank(query, known, ({ label }) => label, MOST_COMMANDS).map((command) => ({
      ...command,
      // Of several shortcuts the first is shown.
      keys: command.keys?.split(" ")[0],
    }));
  };
  const find = (query: string) => {
    if (mode === "files") return findFiles(query);
    // Without a letter the list is of what can be done; files would bury it.
    return query === "" ? findCommands("") : [...findCommands(query), ...findFiles(query)];
  };
  return (
    <CommandPalette
      open
      onOpenChange={onClose}
      find={find}
      placeholder={mode === "files" ? "Which file?" : "What do you want to do?"}
    />
  );
}
