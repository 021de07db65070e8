import type { DraftDetail } from "@/api/schema";
import { plural } from "@/lib/format";

/** Which files were read in a draft, and which of those it stands on are others by now. */
export function DraftReads({ draft }: { draft: DraftDetail }) {
  const read = draft.stoodOn.filter(({ changed }) => !changed);
  return (
    <>
      {draft.reads === "all" ? (
        <p className="text-muted text-sm">
          Which files were read in it is not known: {draft.readsReason}. So any change of the
          workspace counts.
        </p>
      ) : (
        <Paths
          summary={`${plural(read.length, "file")} read`}
          label="Files read"
          paths={read.map(({ path }) => path)}
        />
      )}
      {draft.stale.length > 0 ? (
        <>
          <p className="text-sm text-warning">
            {draft.reads === "all"
              ? `${plural(draft.stale.length, "file")} of the workspace changed since the draft was made, and may have been read in it.`
              : `${plural(draft.stale.length, "file")} that the draft read, looked for or changed changed since it was made.`}{" "}
            Run it again to be sure.
          </p>
          <Paths summary="Show them" label="Files changed since" paths={draft.stale} />
        </>
      ) : null}
    </>
  );
}

function Paths({
  summary,
  label,
  paths,
}: {
  summary: string;
  label: string;
  paths: readonly string[];
}) {
  if (paths.length === 0) return null;
  return (
    <details className="text-muted text-sm">
      <summary className="cursor-pointer">{summary}</summary>
      <ul aria-label={label} className="mt-1 max-h-60 overflow-y-auto">
        {paths.map((path) => (
          <li key={path}>
            <code className="break-all font-mono text-sm">{path}</code>
          </li>
        ))}
      </ul>
    </details>
  );
}
