import { Play } from "lucide-react";
import { runCommand, useCommands } from "@/commands/registry";
import { useShowInWorkspace } from "@/commands/useWorkspaceNavigation";
import { Button } from "@/ui/Button";

/**
 * Runs the file in the editor. The run panel registers how; while that is
 * hidden, this brings it back. A phone has the panel's own button.
 */
export function RunButton() {
  const command = useCommands().findLast(({ id }) => id === "run.file");
  const show = useShowInWorkspace();
  return (
    <Button
      size="sm"
      icon={<Play />}
      disabled={command?.when?.() === false}
      className="max-md:hidden"
      onClick={() => {
        if (!runCommand("run.file")) show({ panel: "run" }, { replace: true });
      }}
    >
      Run
    </Button>
  );
}
