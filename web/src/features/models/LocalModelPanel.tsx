import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Cpu, Download, X } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
import { ApiError } from "@/api/client";
import { keys } from "@/api/queries/keys";
import {
  cancelLocalModelPull,
  isUnderWay,
  localModelQuery,
  pullLocalModel,
} from "@/api/queries/localModel";
import type { LocalModel } from "@/api/schema";
import { sentence } from "@/lib/format";
import {
  isBuildable,
  isDownloading,
  isGettable,
  type LocalStanding,
  progressOf,
  pullWords,
  STANDING_WORDS,
  standingOf,
} from "@/lib/localModelState";
import { Badge, type Tone } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorState } from "@/ui/ErrorState";
import { ProgressBar } from "@/ui/ProgressBar";
import { Skeleton } from "@/ui/Skeleton";
import { toast } from "@/ui/Toast";
import { BuildProgress, PackagesNeeded } from "./LocalModelBuild";

const TONES: Record<LocalStanding, Tone> = {
  absent: "neutral",
  paused: "warning",
  fetching: "accent",
  asking: "warning",
  noHelper: "warning",
  ready: "success",
  loaded: "success",
};

/** The model on the server's own machine: how far it is, and the button that gets it. */
export function LocalModelPanel() {
  const local = useQuery(localModelQuery);
  useNewsOfEnd(local.data);
  if (local.data) return <Panel local={local.data} />;
  if (local.error instanceof ApiError && local.error.status === 404) {
    return (
      <Card>
        <EmptyState icon={<Cpu />} title="This server has no local model">
          It was started without one.
        </EmptyState>
      </Card>
    );
  }
  if (local.isError) {
    return <ErrorState error={local.error} retry={() => void local.refetch()} />;
  }
  return (
    <Card className="p-5">
      <Skeleton lines={4} />
    </Card>
  );
}

function Panel({ local }: { local: LocalModel }) {
  const client = useQueryClient();
  const standing = standingOf(local);
  const refresh = () => client.invalidateQueries({ queryKey: keys.localModel });
  const pull = useMutation({
    mutationFn: pullLocalModel,
    onSuccess: (begun) => client.setQueryData(keys.localModel, begun),
  });
  const cancel = useMutation({
    mutationFn: cancelLocalModelPull,
    onError: (error) => toast.error(error),
    onSettled: refresh,
  });
  return (
    <Card className="flex flex-col gap-4 p-4">
      <header className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <h2 className="min-w-0 break-words font-semibold text-md">{local.model}</h2>
        <Badge tone={TONES[standing]}>{STANDING_WORDS[standing]}</Badge>
      </header>
      <p className="max-w-prose text-muted">
        A small model for code that runs on this server's own processor. It needs no key and no
        network, costs nothing, and answers when you are offline. It knows less than a large one.
      </p>
      {isDownloading(local) ? <ProgressBar {...progressOf(local)} /> : null}
      {local.build.state === "running" ? <BuildProgress build={local.build} /> : null}
      {local.failure ? (
        <Trouble>
          {sentence(local.failure)}
          {local.receivedBytes > 0 ? " What has arrived is kept." : ""}
        </Trouble>
      ) : null}
      {local.build.failure ? (
        <Trouble>Its program was not built: {sentence(local.build.failure)}</Trouble>
      ) : null}
      {local.helperFailure ? (
        <Trouble>Its program does not run: {sentence(local.helperFailure)}</Trouble>
      ) : null}
      {standing === "asking" ? (
        <PackagesNeeded build={local.build} busy={pull.isPending} go={pull.mutate} />
      ) : null}
      {local.hint && standing !== "fetching" && standing !== "asking" ? (
        <p className="[overflow-wrap:anywhere]">
          <WithCode text={sentence(local.hint)} />
        </p>
      ) : null}
      {isGettable(local) && isBuildable(local) ? (
        <p className="text-muted">
          Its program is built too, once: some ten minutes of this machine's processor.
        </p>
      ) : null}
      {isGettable(local) ? (
        <Button
          variant="primary"
          icon={<Download />}
          busy={pull.isPending}
          onClick={() => pull.mutate(false)}
          className="self-start"
        >
          {pullWords(local)}
        </Button>
      ) : null}
      {local.weights === "downloading" || local.build.state === "running" ? (
        <Button
          icon={<X />}
          busy={cancel.isPending}
          onClick={() => cancel.mutate()}
          className="self-start"
        >
          {local.build.state === "running" ? "Stop" : "Stop the download"}
        </Button>
      ) : null}
      {pull.isError ? <ErrorState error={pull.error} /> : null}
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-sm [&_dt]:text-muted">
        <dt>Licence</dt>
        <dd>{local.license}</dd>
        <dt>From</dt>
        <dd className="break-all font-mono text-xs">{local.source}</dd>
        <dt>SHA-256</dt>
        <dd className="break-all font-mono text-xs">{local.sha256}</dd>
      </dl>
    </Card>
  );
}

function Trouble({ children }: { children: ReactNode }) {
  return (
    <p role="alert" className="rounded-md bg-danger-soft px-3 py-2.5 [overflow-wrap:anywhere]">
      {children}
    </p>
  );
}

/** A command stays in one piece while there is room for it. */
const COMMAND = "inline-block max-w-full rounded-sm bg-canvas px-1 py-px font-mono text-sm";

/** Text in which what stands between backticks is a command. */
function WithCode({ text }: { text: string }) {
  return text.split("`").map((part, index) =>
    index % 2 === 1 ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text never move
      <code key={index} className={COMMAND}>
        {part}
      </code>
    ) : (
      part
    ),
  );
}

/** When the download ends, what can be asked is another list. */
function useNewsOfEnd(local: LocalModel | undefined): void {
  const client = useQueryClient();
  const wasUnderWay = useRef(false);
  useEffect(() => {
    const now = isUnderWay(local);
    if (wasUnderWay.current && !now) {
      for (const queryKey of [keys.providers, keys.models, keys.modelRoute]) {
        void client.invalidateQueries({ queryKey });
      }
    }
    wasUnderWay.current = now;
  }, [client, local]);
}
