import { useQuery } from "@tanstack/react-query";
import { systemQuery } from "@/api/queries/system";
import type { Layer } from "@/api/schema";
import { Badge } from "@/ui/Badge";
import { Card } from "@/ui/Card";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";
import { IsolationLayers } from "./IsolationLayers";
import { Runtimes } from "./Runtimes";

/** What the server and its machine can do. */
export function SystemStatus() {
  const system = useQuery(systemQuery);
  if (system.isPending) {
    return (
      <Card className="p-5">
        <Skeleton lines={4} />
      </Card>
    );
  }
  if (system.isError) {
    return <ErrorState error={system.error} retry={() => void system.refetch()} />;
  }
  const { isolation, version, database } = system.data;
  return (
    <>
      <Card>
        <header className="flex flex-wrap items-center gap-x-3 gap-y-1 border-line border-b px-4 py-3">
          <h2 className="font-semibold text-md">Isolation of runs</h2>
          <Badge tone={isolation.ready ? "success" : "danger"}>
            {isolation.ready ? "Ready" : "Runs are refused"}
          </Badge>
          <p className="w-full break-words text-muted">
            {isolation.reason ?? summaryOf(isolation.layers)}
          </p>
        </header>
        <IsolationLayers layers={isolation.layers} />
      </Card>
      <Runtimes />
      <Card className="p-4">
        <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-1.5">
          <dt className="text-muted">Version</dt>
          <dd className="font-mono">{version}</dd>
          <dt className="text-muted">Database</dt>
          <dd>{database === "postgres" ? "PostgreSQL" : "SQLite"}</dd>
        </dl>
      </Card>
    </>
  );
}

/** How many layers stand, in a sentence. */
function summaryOf(layers: readonly Layer[]): string {
  const active = layers.filter(({ state }) => state === "active").length;
  if (active === layers.length) return "Every layer is active.";
  return `${active} of ${layers.length} layers are active. What stands below a layer enables it.`;
}
