import { Link } from "@tanstack/react-router";
import { RotateCcw } from "lucide-react";
import { sentence } from "@/lib/format";
import { withLocalTimes } from "@/lib/localTime";
import { Button } from "@/ui/Button";
import type { TurnLog } from "./turnLog";
import { type AskWith, AttachOffer } from "./WithheldSign";
import { isRefusedForSecrets } from "./withheld";

/** What to do when a turn did not end well, or its answer is not whole. */
export function Ending({
  workspaceId,
  log,
  retry,
  askWith,
}: {
  workspaceId: string;
  log: TurnLog;
  retry: (() => void) | undefined;
  askWith: AskWith | undefined;
}) {
  const { detail, hint, code } = log.failure ?? {};
  if (log.state === "running" || (log.state === "done" && !detail)) return null;
  const words =
    log.state === "failed" || log.state === "done"
      ? (detail ?? "The model's service failed.")
      : log.state === "cancelled"
        ? "You stopped it. What came until then is kept; nothing was written to your files."
        : "The server stopped while it answered. What came until then is kept.";
  return (
    <div
      role={log.state === "failed" ? "alert" : undefined}
      className={
        log.state === "failed"
          ? "rounded-md border border-danger/40 bg-danger-soft px-3 py-2.5"
          : "rounded-md border border-line bg-panel px-3 py-2.5"
      }
    >
      <p className="[overflow-wrap:anywhere]">{sentence(withLocalTimes(words))}</p>
      {hint ? (
        <p className="mt-1 text-muted [overflow-wrap:anywhere]">{withLocalTimes(hint)}</p>
      ) : null}
      {isRefusedForSecrets(log) ? (
        <AttachOffer workspaceId={workspaceId} names={log.withheld} askWith={askWith} />
      ) : null}
      <div className="mt-2 flex flex-wrap items-center gap-2">
        {retry ? (
          <Button size="sm" icon={<RotateCcw />} onClick={retry}>
            Ask again
          </Button>
        ) : null}
        <SettingsLink code={code} />
      </div>
    </div>
  );
}

/** Leads to where it can be seen to that a model answers. */
export function SettingsLink({ code }: { code: string | undefined }) {
  const [label, view] =
    code === "budget_exceeded"
      ? (["Budgets", "budgets"] as const)
      : code === "price_unknown"
        ? (["Set its price", undefined] as const)
        : code?.startsWith("model")
          ? (["Model settings", undefined] as const)
          : [undefined, undefined];
  if (!label) return null;
  return (
    <Link
      to="/settings/models"
      search={view ? { view } : {}}
      className="text-accent text-sm underline underline-offset-2"
    >
      {label}
    </Link>
  );
}
