import { useQuery } from "@tanstack/react-query";
import { systemQuery } from "@/api/queries/system";
import type { System } from "@/api/schema";
import { Badge } from "@/ui/Badge";
import { Card } from "@/ui/Card";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";
import { IsolationLayers } from "./IsolationLayers";

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
  const { isolation, runtimes, version, database } = system.data;
  return (
    <>
      <Card>
        <header className="flex flex-wrap items-center gap-x-3 gap-y-1 border-line border-b px-4 py-3">
          <h2 className="font-semibold text-md">Isolation of runs</h2>
          <Badge tone={isolation.ready ? "success" : "danger"}>
            {isolation.ready ? "Ready" : "Runs are refused"}
          </Badge>
          {isolation.reason ? (
            <p className="w-full break-words text-muted">{isolation.reason}</p>
          ) : null}
        </header>
        <IsolationLayers layers={isolation.layers} />
      </Card>
      <Runtimes runtimes={runtimes} />
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

/** The language as it is written: the server's names are in lower case. */
function languageName(language: string): string {
  if (language === "javascript") return "JavaScript";
  return language.charAt(0).toUpperCase() + language.slice(1);
}

function Runtimes({ runtimes }: { runtimes: System["runtimes"] }) {
  return (
    <Card>
      <h2 className="border-line border-b px-4 py-3 font-semibold text-md">
        Languages that can be run
      </h2>
      {runtimes.length === 0 ? (
        <p className="px-4 py-3 text-muted">
          None of the programs that Atelier knows was found. Install Python 3 or Node.js and start
          it anew.
        </p>
      ) : (
        <ul>
          {runtimes.map(({ language, command, extensions }) => (
            <li
              key={language}
              className="flex flex-wrap items-baseline gap-x-4 border-line border-b px-4 py-2.5 last:border-0"
            >
              <span className="w-28 font-medium">{languageName(language)}</span>
              <code className="font-mono text-sm">{command}</code>
              <span className="text-muted text-sm">
                {extensions.map((extension) => `.${extension}`).join(", ")}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
