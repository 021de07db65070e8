import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { versionsQuery } from "@/api/queries/files";
import type { StaleFile } from "@/api/schema";
import type { DocumentInfo, Documents } from "@/editor/documents";
import { showComparison, showMergeEditor } from "@/editor/lazyViews";
import { plural } from "@/lib/format";
import { Button } from "@/ui/Button";
import { Notice } from "@/ui/Notice";
import { Tabs } from "@/ui/Tabs";
import { PHONE, useMediaQuery } from "@/ui/useMediaQuery";
import { byWhom, choicesOf, undecidedIn } from "./conflict";
import type { Saver } from "./useSaver";

/** Both sides of a file that changed meanwhile, the merge, and the choice. */
export function ConflictView({
  documents,
  info,
  stale,
  saver,
  onTaken,
}: {
  documents: Documents;
  info: DocumentInfo;
  stale: StaleFile;
  saver: Saver;
  /** Theirs was taken: nothing needs to be saved. */
  onTaken: () => void;
}) {
  const { fileId, path } = info;
  const choices = choicesOf(documents.text(fileId) ?? "", stale);
  const [merged, setMerged] = useState(choices.merged ?? "");
  const [sheet, setSheet] = useState(stale.clean ? "merge" : "sides");
  const undecided = undecidedIn(merged);
  const versions = useInfiniteQuery(versionsQuery(fileId));
  const author = versions.data?.pages
    .flatMap((page) => page.items)
    .find((version) => version.id === stale.versionId)?.authorKind;

  const server = { versionId: stale.versionId ?? info.versionId, text: choices.theirs ?? "" };
  const saveAs = (text: string) => {
    documents.rebase(fileId, text, server);
    saver.dropConflict(fileId);
    void saver.save(fileId);
  };
  const takeTheirs = () => {
    documents.rebase(fileId, server.text, server);
    saver.dropConflict(fileId);
    onTaken();
  };
  const isSaving = saver.saving.has(fileId);
  return (
    <>
      <Notice tone="warning">
        This file was changed {byWhom(author)} after you began to edit it.{" "}
        {stale.clean
          ? "Both changes go together; look at the merge and take it."
          : "Both changed the same lines; decide what stays."}
      </Notice>
      <Tabs
        label="Conflict"
        flush
        className="min-h-0 flex-1"
        value={sheet}
        onChange={setSheet}
        items={[
          {
            id: "sides",
            label: "Mine and theirs",
            content: <Sides path={path} mine={choices.mine} theirs={server.text} />,
          },
          ...(choices.merged === undefined
            ? []
            : [
                {
                  id: "merge",
                  label: stale.clean ? "Merge" : `Merge (${undecided} to decide)`,
                  content: <Merge path={path} text={merged} onChange={setMerged} />,
                },
              ]),
        ]}
      />
      <div className="flex shrink-0 flex-wrap items-center justify-end gap-2 border-line border-t bg-panel px-3 py-2">
        <p role="status" className="mr-auto text-muted text-sm">
          {choices.merged !== undefined && undecided > 0
            ? `${plural(undecided, "place")} in the merge to decide`
            : ""}
        </p>
        <Button size="sm" variant="ghost" onClick={() => saver.dropConflict(fileId)}>
          Back to my text
        </Button>
        <Button size="sm" disabled={choices.theirs === undefined} onClick={takeTheirs}>
          Take theirs
        </Button>
        <Button size="sm" busy={isSaving} onClick={() => saveAs(choices.mine)}>
          Keep mine
        </Button>
        {choices.merged === undefined ? null : (
          <Button
            size="sm"
            variant="primary"
            busy={isSaving}
            disabled={undecided > 0}
            onClick={() => saveAs(merged)}
          >
            Save the merge
          </Button>
        )}
      </div>
    </>
  );
}

function Sides({ path, mine, theirs }: { path: string; mine: string; theirs: string }) {
  const parent = useRef<HTMLDivElement>(null);
  const isNarrow = useMediaQuery(PHONE);
  useEffect(() => {
    if (!parent.current) return undefined;
    return showComparison(parent.current, {
      path,
      before: { text: mine, label: "Mine" },
      after: { text: theirs, label: "Theirs" },
      isUnified: isNarrow,
    });
  }, [path, mine, theirs, isNarrow]);
  return (
    <div className="flex h-full flex-col">
      <div className="flex shrink-0 border-line border-b text-muted text-sm">
        {isNarrow ? (
          <p className="flex-1 px-3 py-1">Mine, struck out, and theirs, which is saved now</p>
        ) : (
          <>
            <p className="flex-1 px-3 py-1">Mine: what you typed</p>
            <p className="flex-1 px-3 py-1">Theirs: what is saved now</p>
          </>
        )}
      </div>
      <div ref={parent} className="min-h-0 flex-1 overflow-auto" />
    </div>
  );
}

function Merge({
  path,
  text,
  onChange,
}: {
  path: string;
  text: string;
  onChange: (text: string) => void;
}) {
  const parent = useRef<HTMLDivElement>(null);
  const first = useRef(text);
  useEffect(() => {
    if (!parent.current) return undefined;
    const names = { mine: "mine", theirs: "theirs" };
    return showMergeEditor(parent.current, { path, text: first.current, names, onChange });
  }, [path, onChange]);
  return <div ref={parent} className="h-full overflow-hidden" />;
}
