import { ExternalLink, RotateCw } from "lucide-react";
import { type FormEvent, useState } from "react";
import { openPort } from "@/api/queries/cells";
import type { CellPort } from "@/api/schema";
import { addressAt, shownPath } from "@/lib/previewAddress";
import { ErrorState } from "@/ui/ErrorState";
import { IconButton } from "@/ui/IconButton";
import { Input } from "@/ui/Input";
import { Notice } from "@/ui/Notice";
import { Select } from "@/ui/Select";
import { Skeleton } from "@/ui/Skeleton";
import { toast } from "@/ui/Toast";
import { usePreviewEntry } from "./usePreviewEntry";

/**
 * The page of one server. It is a stranger's page, on an origin of its own:
 * it may do what a page does, but never lead the window that it stands in away.
 */
const SANDBOX =
  "allow-scripts allow-forms allow-same-origin allow-popups allow-modals allow-downloads";

interface Shown {
  readonly address: string;
  /** Counts the loads: the same address again is a new page. */
  readonly load: number;
}

export function Preview({
  workspaceId,
  port: { port, url },
  ports,
  onPort,
}: {
  workspaceId: string;
  port: CellPort;
  ports: readonly CellPort[];
  onPort: (port: number) => void;
}) {
  const entry = usePreviewEntry(workspaceId, port);
  const [path, setPath] = useState("/");
  const [shown, setShown] = useState<Shown>();
  const origin = entry.data ? new URL(entry.data.url).origin : undefined;
  const go = (written: string) => {
    setPath(shownPath(written));
    if (origin) {
      setShown({ address: addressAt(origin, written), load: (shown?.load ?? 0) + 1 });
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    go(path);
  };
  return (
    <>
      <form
        aria-label="Address of the preview"
        onSubmit={submit}
        className="flex shrink-0 items-center gap-1.5 border-line border-b px-2 py-1.5"
      >
        <IconButton
          size="sm"
          label="Reload the preview"
          icon={<RotateCw />}
          disabled={!origin}
          onClick={() => go(path)}
        />
        <Ports port={port} ports={ports} onPort={onPort} />
        <Input
          aria-label="Path"
          value={path}
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="off"
          onChange={(event) => setPath(event.target.value)}
          className="h-control-sm flex-1 font-mono text-sm"
        />
        <IconButton
          size="sm"
          label="Open in a new tab"
          icon={<ExternalLink />}
          onClick={() => void openInTab(workspaceId, port)}
        />
      </form>
      {url === null ? (
        <Notice tone="warning">
          Previews have an address of their own, which can't be reached from the address this page
          is open at. Open Atelier at localhost, or have its operator set a domain for previews.
        </Notice>
      ) : null}
      {entry.isError ? (
        <ErrorState error={entry.error} retry={() => entry.mutate()} className="m-3" />
      ) : entry.data ? (
        <iframe
          key={shown?.load ?? 0}
          title={`Page of port ${port}`}
          src={shown?.address ?? entry.data.url}
          sandbox={SANDBOX}
          referrerPolicy="no-referrer"
          className="min-h-0 w-full flex-1 border-0 bg-[Canvas]"
        />
      ) : (
        <Skeleton lines={3} className="p-4" />
      )}
    </>
  );
}

function Ports({
  port,
  ports,
  onPort,
}: {
  port: number;
  ports: readonly CellPort[];
  onPort: (port: number) => void;
}) {
  return (
    <Select
      aria-label="Port"
      value={port}
      onChange={(event) => onPort(Number(event.target.value))}
      className="[&>select]:h-control-sm [&>select]:text-sm"
    >
      {ports.map((each) => (
        <option key={each.port} value={each.port}>
          {each.program ? `${each.port} · ${each.program}` : each.port}
        </option>
      ))}
    </Select>
  );
}

/**
 * Opens the page in a tab of its own. The tab is opened before the address is
 * known, because later the browser would take it for an advertisement.
 */
async function openInTab(workspaceId: string, port: number): Promise<void> {
  const tab = window.open("about:blank");
  if (tab) tab.opener = null;
  try {
    const { url } = await openPort(workspaceId, port);
    if (tab) tab.location.href = url;
    else toast.info("The browser did not allow a new tab");
  } catch (error) {
    tab?.close();
    toast.error(error);
  }
}
