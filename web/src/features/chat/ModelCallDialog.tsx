import { useQuery } from "@tanstack/react-query";
import { Copy } from "lucide-react";
import { useState } from "react";
import { modelCallQuery } from "@/api/queries/conversations";
import type { ContextFile, ModelCall } from "@/api/schema";
import { bytes, sentence } from "@/lib/format";
import { taskWords } from "@/lib/modelWords";
import { placeLabel } from "@/lib/selection";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorState } from "@/ui/ErrorState";
import { Scrollable } from "@/ui/Scrollable";
import { Skeleton } from "@/ui/Skeleton";
import { Tabs } from "@/ui/Tabs";
import { toast } from "@/ui/Toast";
import { messagesIn } from "./modelRequest";

/** One request to a model, as it can be read and as it went out, byte for byte. */
export function ModelCallDialog({
  id,
  files,
  onClose,
}: {
  id: string;
  files: readonly ContextFile[];
  onClose: () => void;
}) {
  const call = useQuery(modelCallQuery(id));
  const copy = async (text: string) => {
    try {
      await navigator.clipboard.writeText(text);
      toast.success("The request was copied");
    } catch {
      toast.info("The browser did not allow copying");
    }
  };
  return (
    <Dialog
      open
      wide
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title="What was sent to the model"
      description="The whole body of the request. Your key travels apart and is never stored with it."
      footer={
        <>
          {call.data ? (
            <Button icon={<Copy />} onClick={() => void copy(call.data.request)}>
              Copy the body
            </Button>
          ) : null}
          <Button variant="primary" onClick={onClose}>
            Close
          </Button>
        </>
      }
    >
      {call.isError ? (
        <ErrorState error={call.error} retry={() => void call.refetch()} />
      ) : call.data ? (
        <Request call={call.data} files={files} />
      ) : (
        <Skeleton lines={6} />
      )}
    </Dialog>
  );
}

function Request({ call, files }: { call: ModelCall; files: readonly ContextFile[] }) {
  const messages = messagesIn(call.request);
  const [sheet, setSheet] = useState(messages ? "messages" : "body");
  const size = new TextEncoder().encode(call.request).length;
  return (
    <div className="flex flex-col gap-3">
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-sm [&_dt]:text-muted">
        <dt>Model</dt>
        <dd className="[overflow-wrap:anywhere]">
          {call.model} at {call.provider}
        </dd>
        <dt>For</dt>
        <dd className="[overflow-wrap:anywhere]">
          {taskWords(call.task)}. {call.reason}
        </dd>
        <dt>Size</dt>
        <dd>{bytes(size)}</dd>
        {files.length > 0 ? (
          <>
            <dt>Files</dt>
            <dd className="[overflow-wrap:anywhere]">
              {files
                .map(
                  ({ path, lines, bytes: length }) =>
                    `${placeLabel(path, lines)} (${bytes(length)})`,
                )
                .join(", ")}
            </dd>
          </>
        ) : null}
        <dt>BLAKE3</dt>
        <dd className="break-all font-mono text-xs">{call.requestHash}</dd>
      </dl>
      <Tabs
        label="Request"
        value={sheet}
        onChange={setSheet}
        items={[
          ...(messages
            ? [
                {
                  id: "messages",
                  label: "Messages",
                  content: (
                    <ol className="flex flex-col gap-3">
                      {messages.map(({ role, text }, index) => (
                        // biome-ignore lint/suspicious/noArrayIndexKey: a request never changes
                        <li key={index}>
                          <p className="mb-1 font-medium text-muted text-sm">{role}</p>
                          <Body text={text} label={`Message of ${role}`} />
                        </li>
                      ))}
                    </ol>
                  ),
                },
              ]
            : []),
          ...(call.sources.length > 0
            ? [
                {
                  id: "sources",
                  label: "Made of",
                  content: <Sources sources={call.sources} />,
                },
              ]
            : []),
          {
            id: "body",
            label: "Body, byte for byte",
            content: <Body text={call.request} label="Body of the request" />,
          },
        ]}
      />
    </div>
  );
}

/** What the body was made of, and why each piece is in it. */
function Sources({ sources }: { sources: ModelCall["sources"] }) {
  return (
    <ul aria-label="What it was made of" className="rounded-md border border-line bg-panel">
      {sources.map(({ kind, path, lines, bytes: length, reason }, index) => (
        <li
          // biome-ignore lint/suspicious/noArrayIndexKey: a request never changes
          key={index}
          className="flex flex-wrap gap-x-3 border-line border-b px-3 py-2 last:border-0"
        >
          <span className="min-w-0 flex-1 basis-48 [overflow-wrap:anywhere]">
            {path ? (
              <code className="font-mono text-sm">{placeLabel(path, lines)}</code>
            ) : (
              sentence(kind)
            )}
            <span className="block text-muted text-sm">{sentence(reason)}</span>
          </span>
          <span className="whitespace-nowrap text-muted text-sm tabular-nums">{bytes(length)}</span>
        </li>
      ))}
    </ul>
  );
}

function Body({ text, label }: { text: string; label: string }) {
  return (
    <Scrollable
      label={label}
      className="max-h-80 overflow-auto whitespace-pre-wrap rounded-md border border-line bg-sunken px-3 py-2 font-mono text-sm [overflow-wrap:anywhere]"
    >
      {text}
    </Scrollable>
  );
}
