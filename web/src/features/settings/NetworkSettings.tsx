import { useQuery } from "@tanstack/react-query";
import { denialsQuery, grantsQuery } from "@/api/queries/network";
import { useAllow } from "@/api/useAllow";
import { REGISTRIES } from "@/lib/grantForm";
import { Button } from "@/ui/Button";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";
import { AddHost } from "./AddHost";
import { DenialList } from "./DenialList";
import { GrantList } from "./GrantList";

/** What the programs of a workspace may reach. Nothing, unless it is named here. */
export function NetworkSettings({ workspaceId }: { workspaceId: string }) {
  const grants = useQuery(grantsQuery(workspaceId));
  const denials = useQuery(denialsQuery(workspaceId));
  const registries = useAllow(workspaceId);
  const items = grants.data?.items ?? [];
  const hasRegistries = items.some(({ resource }) => resource === REGISTRIES);
  return (
    <div className="flex flex-col gap-6">
      <p className="max-w-prose text-muted">
        Programs in this workspace reach nothing outside it, except the hosts below, over HTTP and
        HTTPS.
      </p>
      <section aria-labelledby="network-allowed" className="flex flex-col gap-2.5">
        <header className="flex flex-wrap items-center justify-between gap-2">
          <h3 id="network-allowed" className="font-semibold">
            Allowed
          </h3>
          {grants.data && !hasRegistries ? (
            <Button
              size="sm"
              busy={registries.isPending}
              onClick={() => registries.mutate({ resource: REGISTRIES })}
            >
              Allow package registries
            </Button>
          ) : null}
        </header>
        {registries.isError ? <ErrorState error={registries.error} /> : null}
        {grants.data ? (
          <GrantList workspaceId={workspaceId} grants={items} />
        ) : grants.isError ? (
          <ErrorState error={grants.error} retry={() => void grants.refetch()} />
        ) : (
          <Skeleton lines={2} />
        )}
        <AddHost workspaceId={workspaceId} />
      </section>
      <section aria-labelledby="network-refused" className="flex flex-col gap-2.5">
        <h3 id="network-refused" className="font-semibold">
          Refused lately
        </h3>
        {denials.data ? (
          <DenialList workspaceId={workspaceId} denials={denials.data.items} />
        ) : denials.isError ? (
          <ErrorState error={denials.error} retry={() => void denials.refetch()} />
        ) : (
          <Skeleton lines={2} />
        )}
      </section>
    </div>
  );
}
