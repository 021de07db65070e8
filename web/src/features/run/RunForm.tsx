import { History, Play, Square, SquareTerminal } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Button } from "@/ui/Button";
import { IconButton } from "@/ui/IconButton";
import { Input } from "@/ui/Input";
import { RunOptionsButton } from "./RunOptionsButton";

/** Where runs are started and stopped. Stop is always in the same place. */
export function RunForm({
  workspaceId,
  fileName,
  isStarting,
  isRunning,
  isStopping,
  isHistoryShown,
  onRunFile,
  onCommand,
  onStop,
  onHistory,
}: {
  workspaceId: string;
  /** The name of the file in the editor, when it can be run. */
  fileName: string | undefined;
  isStarting: boolean;
  isRunning: boolean;
  isStopping: boolean;
  isHistoryShown: boolean;
  onRunFile: () => void;
  onCommand: (command: string) => void;
  onStop: () => void;
  onHistory: () => void;
}) {
  const [command, setCommand] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (command.trim() !== "") onCommand(command.trim());
  };
  return (
    <form
      aria-label="Run"
      onSubmit={submit}
      className="flex shrink-0 flex-wrap items-center gap-1.5 border-line border-b px-2 py-1.5"
    >
      <div className="relative min-w-40 flex-1">
        <SquareTerminal
          aria-hidden
          className="pointer-events-none absolute top-1/2 left-2 size-4 -translate-y-1/2 text-muted"
        />
        <Input
          aria-label="Command line"
          placeholder="Command line, such as python3 main.py"
          value={command}
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="off"
          onChange={(event) => setCommand(event.target.value)}
          className="h-control-sm pl-8 font-mono text-sm"
        />
      </div>
      <Button type="submit" size="sm" disabled={command.trim() === "" || isStarting}>
        Run line
      </Button>
      <Button
        size="sm"
        variant="primary"
        icon={<Play />}
        busy={isStarting}
        disabled={fileName === undefined}
        title={fileName === undefined ? "Open a file that can be run" : `Run ${fileName}`}
        onClick={onRunFile}
        className="max-w-44"
      >
        <span className="truncate">{fileName ? `Run ${fileName}` : "Run file"}</span>
      </Button>
      <Button
        size="sm"
        variant={isRunning ? "danger" : "secondary"}
        icon={<Square />}
        busy={isStopping}
        disabled={!isRunning}
        onClick={onStop}
      >
        Stop
      </Button>
      <RunOptionsButton workspaceId={workspaceId} />
      <IconButton
        size="sm"
        label="Earlier runs"
        icon={<History />}
        aria-pressed={isHistoryShown}
        onClick={onHistory}
      />
    </form>
  );
}
