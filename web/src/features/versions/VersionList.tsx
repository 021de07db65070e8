import { Bot, GitBranch, Import, Play, User } from "lucide-react";
import type { ReactNode } from "react";
import type { AuthorKind, Version } from "@/api/schema";
import { ago, bytes } from "@/lib/format";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { authorWords } from "./authorWords";

const ICONS: Record<AuthorKind, ReactNode> = {
  user: <User aria-hidden />,
  assistant: <Bot aria-hidden />,
  run: <Play aria-hidden />,
  git: <GitBranch aria-hidden />,
  import: <Import aria-hidden />,
};

/** "14:05:09": saves follow each other within seconds. */
function clockTime(time: string): string {
  return new Date(time).toLocaleTimeString("en-GB");
}

/** A file's versions, newest first. */
export function VersionList({
  versions,
  current,
  shown,
  hasMore,
  isLoadingMore,
  onShow,
  onMore,
}: {
  versions: readonly Version[];
  /** The version that stands now. */
  current: string | undefined;
  /** The version that is looked at. */
  shown: string | undefined;
  hasMore: boolean;
  isLoadingMore: boolean;
  onShow: (version: Version) => void;
  onMore: () => void;
}) {
  return (
    <>
      <ol aria-label="Versions" className="py-1">
        {versions.map((version) => {
          const { label, tone } = authorWords(version.authorKind);
          return (
            <li key={version.id}>
              <button
                type="button"
                aria-current={version.id === shown || undefined}
                onClick={() => onShow(version)}
                className="flex min-h-control w-full flex-wrap items-center gap-x-2 gap-y-0.5 px-3 py-1 text-left -outline-offset-2 hover:bg-hover aria-[current]:bg-accent-soft"
              >
                <Badge tone={tone} icon={ICONS[version.authorKind]}>
                  {label}
                </Badge>
                <time
                  dateTime={version.createdAt}
                  title={new Date(version.createdAt).toLocaleString()}
                  className="flex-1"
                >
                  {ago(version.createdAt)}
                  <span className="ml-1.5 text-muted text-sm tabular-nums">
                    {clockTime(version.createdAt)}
                  </span>
                </time>
                {version.id === current ? <Badge tone="success">Current</Badge> : null}
                <span className="text-muted text-sm tabular-nums">{bytes(version.sizeBytes)}</span>
              </button>
            </li>
          );
        })}
      </ol>
      {hasMore ? (
        <Button busy={isLoadingMore} onClick={onMore} className="mx-3 mb-3">
          Earlier versions
        </Button>
      ) : null}
    </>
  );
}
