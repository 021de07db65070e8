import type { Denial } from "@/api/schema";
import { useAllow } from "@/api/useAllow";
import { ago, plural } from "@/lib/format";
import { Button } from "@/ui/Button";
import { toast } from "@/ui/Toast";
import { LIST, ROW } from "./rows";

/** What was asked for and refused; each can be allowed at once. */
export function DenialList({
  workspaceId,
  denials,
}: {
  workspaceId: string;
  denials: readonly Denial[];
}) {
  const allow = useAllow(workspaceId);
  if (denials.length === 0) {
    return <p className={`${LIST} px-3 py-2.5 text-muted`}>Nothing has been refused.</p>;
  }
  return (
    <ul aria-label="Refused lately" className={LIST}>
      {denials.map(({ host, port, count, lastAt, resource }) => (
        <li key={`${host}:${port}`} className={ROW}>
          <code className="min-w-40 flex-1 break-all font-mono text-sm">
            {host}:{port}
          </code>
          <span className="text-muted text-sm">
            {plural(count, "time")}, {ago(lastAt)}
          </span>
          <Button
            size="sm"
            aria-label={`Allow ${resource}`}
            busy={allow.isPending && allow.variables.resource === resource}
            onClick={() => allow.mutate({ resource }, { onError: (error) => toast.error(error) })}
          >
            Allow
          </Button>
        </li>
      ))}
    </ul>
  );
}
