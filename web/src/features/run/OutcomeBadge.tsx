import {
  Ban,
  CircleCheck,
  CircleX,
  Clock,
  LoaderCircle,
  OctagonX,
  TriangleAlert,
} from "lucide-react";
import type { ReactNode } from "react";
import type { Outcome, RunStatus, StageName } from "@/api/schema";
import { Badge } from "@/ui/Badge";
import { type Tone, wordsOf } from "./outcome";

const ICONS: Record<Tone, ReactNode> = {
  success: <CircleCheck aria-hidden />,
  warning: <TriangleAlert aria-hidden />,
  danger: <CircleX aria-hidden />,
  neutral: <OctagonX aria-hidden />,
};

/** How a run stands or ended, in a word or two. */
export function OutcomeBadge({
  status,
  outcome,
  queuePosition,
  stage,
}: {
  status: RunStatus;
  outcome: Outcome | null | undefined;
  /** While it waits: how many go on before it, and itself. */
  queuePosition?: number | null | undefined;
  /** What goes on now, when there are stages. */
  stage?: StageName | undefined;
}) {
  if (outcome) {
    const { label, tone } = wordsOf(outcome);
    return (
      <Badge tone={tone} icon={outcome === "refused" ? <Ban aria-hidden /> : ICONS[tone]}>
        {label}
      </Badge>
    );
  }
  return status === "queued" ? (
    <Badge icon={<Clock aria-hidden />}>
      {queuePosition ? `Waiting, number ${queuePosition}` : "Waiting"}
    </Badge>
  ) : (
    <Badge tone="accent" icon={<LoaderCircle aria-hidden className="animate-spin" />}>
      {stage === "compile" ? "Compiling…" : "Running"}
    </Badge>
  );
}
