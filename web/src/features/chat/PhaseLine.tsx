import {
  CircleAlert,
  CircleCheck,
  CirclePause,
  CircleUserRound,
  LoaderCircle,
  OctagonX,
  PenLine,
} from "lucide-react";
import type { ReactNode } from "react";
import type { TokenUsage } from "@/api/schema";
import { count, dollars, plural } from "@/lib/format";
import type { TurnPhase } from "./turnLog";

const WORDS: Record<TurnPhase, { label: string; icon: ReactNode }> = {
  thinking: { label: "Thinking", icon: <LoaderCircle className="animate-spin" /> },
  answering: { label: "Answering", icon: <PenLine className="animate-pulse" /> },
  waitingForYou: { label: "Waiting for you", icon: <CircleUserRound className="text-accent" /> },
  done: { label: "Done", icon: <CircleCheck className="text-success" /> },
  stopped: { label: "Stopped", icon: <OctagonX /> },
  interrupted: { label: "Interrupted", icon: <CirclePause className="text-warning" /> },
  failed: { label: "Failed", icon: <CircleAlert className="text-danger" /> },
};

/** Where a turn stands, who answers, and what it used. */
export function PhaseLine({
  phase,
  model,
  usage,
  isReconnecting,
}: {
  phase: TurnPhase;
  model: string | undefined;
  usage: TokenUsage | undefined;
  isReconnecting: boolean;
}) {
  const { label, icon } = WORDS[phase];
  return (
    <p className="flex flex-wrap items-center gap-x-2 gap-y-0.5 text-muted text-sm">
      <span className="inline-flex items-center gap-1.5 font-medium text-ink [&_svg]:size-3.5">
        <span aria-hidden>{icon}</span>
        {isReconnecting ? "Connection lost; the turn goes on" : label}
      </span>
      {model ? <span>{model}</span> : null}
      {usage ? <Used usage={usage} /> : null}
    </p>
  );
}

function Used({ usage }: { usage: TokenUsage }) {
  const cached = usage.cachedInputTokens;
  return (
    <span className="tabular-nums">
      {usage.measured ? "" : "up to "}
      {plural(usage.inputTokens, "token")} in
      {cached > 0 ? ` (${count(cached)} cached)` : ""}, {count(usage.outputTokens)} out ·{" "}
      {usage.costUsd == null ? "unpriced" : dollars(usage.costUsd)}
    </span>
  );
}
