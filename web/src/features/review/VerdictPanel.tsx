import { useQuery } from "@tanstack/react-query";
import {
  CircleCheck,
  CircleDashed,
  CircleSlash,
  CircleX,
  FlaskConical,
  Square,
} from "lucide-react";
import type { ReactNode } from "react";
import { workspaceQuery } from "@/api/queries/workspaces";
import type { CheckedCommand, Proposal } from "@/api/schema";
import { useShowInWorkspace } from "@/commands/useWorkspaceNavigation";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Scrollable } from "@/ui/Scrollable";
import { Spinner } from "@/ui/Spinner";
import { verdictWords } from "./verdictWords";

/** What the checks said of the proposal, and the button that runs them. */
export function VerdictPanel({
  proposal,
  chosen,
  isBusy,
  onCheck,
  isStopping,
  onStop,
}: {
  proposal: Proposal;
  /** The hunks that would be in the files. */
  chosen: readonly string[];
  isBusy: boolean;
  onCheck: () => void;
  isStopping: boolean;
  onStop: () => void;
}) {
  const show = useShowInWorkspace();
  const workspace = useQuery(workspaceQuery(proposal.workspaceId));
  const { verdict } = proposal;
  const { label, detail, tone } = verdictWords(verdict, chosen);
  const hasChecks = (workspace.data?.settings?.checks ?? []).length > 0;
  return (
    <section aria-label="Checks" className="border-line border-b px-3 py-2 text-sm">
      <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <span role="status" className="flex flex-wrap items-center gap-x-2">
          <Badge tone={tone} icon={verdict?.state === "running" ? <Spinner /> : <FlaskConical />}>
            {label}
          </Badge>
          {detail ? <span className="text-muted">{detail}</span> : null}
        </span>
        <span className="flex-1" />
        {verdict?.state === "running" ? (
          <Button size="sm" icon={<Square />} busy={isStopping} onClick={onStop}>
            Stop
          </Button>
        ) : hasChecks ? (
          <Button size="sm" busy={isBusy} onClick={onCheck}>
            {verdict ? "Check again" : "Check"}
          </Button>
        ) : workspace.data ? (
          <Button size="sm" variant="ghost" onClick={() => show({ settings: "review" })}>
            Set up checks
          </Button>
        ) : null}
      </div>
      {verdict ? (
        <ul className="mt-1.5 flex flex-col gap-1">
          {verdict.commands.map((command, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the commands of a verdict never move
            <Command key={index} command={command} />
          ))}
        </ul>
      ) : null}
    </section>
  );
}

const SIGNS: Record<CheckedCommand["state"], { icon: ReactNode; word: string }> = {
  waiting: { icon: <CircleDashed className="text-muted" />, word: "waits" },
  running: { icon: <Spinner />, word: "runs" },
  passed: { icon: <CircleCheck className="text-success" />, word: "passed" },
  failed: { icon: <CircleX className="text-danger" />, word: "failed" },
  cancelled: { icon: <CircleSlash className="text-warning" />, word: "stopped" },
  skipped: { icon: <CircleSlash className="text-muted" />, word: "not run" },
};

function Command({ command }: { command: CheckedCommand }) {
  const { icon, word } = SIGNS[command.state];
  const line = (
    <span className="inline-flex min-w-0 flex-wrap items-center gap-x-1.5 [&_svg]:size-3.5 [&_svg]:shrink-0">
      {icon}
      <span className="font-medium">{command.name}</span>{" "}
      <span className="text-muted">
        {word}
        {endOf(command)}
      </span>
    </span>
  );
  if (command.output === "") return <li className="pl-4">{line}</li>;
  return (
    <li>
      <details open={command.state === "failed"}>
        <summary className="cursor-pointer rounded-sm marker:text-muted">{line}</summary>
        <Scrollable
          label={`Output of ${command.name}`}
          className="mt-1 max-h-56 overflow-auto rounded-md bg-sunken p-2"
        >
          <pre className="font-mono text-xs leading-normal">{command.output}</pre>
        </Scrollable>
      </details>
    </li>
  );
}

function endOf({ state, outcome, exitCode, wallMs }: CheckedCommand): string {
  if (state !== "passed" && state !== "failed") return "";
  const how = state === "passed" ? "" : outcome === "exit" ? ` with ${exitCode}` : `: ${outcome}`;
  return wallMs == null ? how : `${how} in ${(wallMs / 1000).toFixed(1)} s`;
}
