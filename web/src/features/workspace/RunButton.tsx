import { Play } from "lucide-react";
import { runCommand, useCommands } from "@/commands/registry";
import { Button } from "@/ui/Button";

/** Runs the file in the editor. The run panel registers what it does. */
export function RunButton() {
  const command = useCommands().findLast(({ id }) => id === "run.file");
  const isReady = command?.when?.() ?? command !== undefined;
  return (
    <Button
      size="sm"
      icon={<Play />}
      disabled={!isReady}
      title={command?.label ?? "Open a file to run it"}
      onClick={() => runCommand("run.file")}
    >
      Run
    </Button>
  );
}
