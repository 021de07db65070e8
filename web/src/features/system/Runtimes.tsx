import { useQuery } from "@tanstack/react-query";
import { runtimesQuery } from "@/api/queries/system";
import type { LanguageRuntime } from "@/api/schema";
import { Badge } from "@/ui/Badge";
import { Card } from "@/ui/Card";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";
import { languageName } from "./languageName";

/** The languages that can be run on this machine. */
export function Runtimes() {
  const runtimes = useQuery(runtimesQuery);
  return (
    <Card>
      <h2 className="border-line border-b px-4 py-3 font-semibold text-md">
        Languages that can be run
      </h2>
      {runtimes.data ? (
        <RuntimeList runtimes={runtimes.data.items} />
      ) : runtimes.isError ? (
        <ErrorState error={runtimes.error} retry={() => void runtimes.refetch()} className="m-3" />
      ) : (
        <Skeleton lines={3} className="p-4" />
      )}
    </Card>
  );
}

function RuntimeList({ runtimes }: { runtimes: readonly LanguageRuntime[] }) {
  if (runtimes.length === 0) {
    return (
      <p className="px-4 py-3 text-muted">
        None of the programs that Atelier knows was found. Install Python 3 or Node.js and start it
        anew.
      </p>
    );
  }
  return (
    <ul aria-label="Languages">
      {runtimes.map(({ language, version, aliases, extensions, compiled }) => (
        <li
          key={language}
          className="flex flex-wrap items-baseline gap-x-4 border-line border-b px-4 py-2.5 last:border-0"
        >
          <span className="w-28 font-medium">{languageName(language)}</span>
          <code className="w-28 break-words font-mono text-sm">{version ?? "version unknown"}</code>
          <span className="min-w-32 flex-1 text-muted text-sm">
            {[...extensions.map((extension) => `.${extension}`), ...aliases].join(", ")}
          </span>
          {compiled ? <Badge>Compiled first</Badge> : null}
        </li>
      ))}
    </ul>
  );
}
