import { useQuery } from "@tanstack/react-query";
import { Layers } from "lucide-react";
import { useState } from "react";
import { draftsQuery } from "@/api/queries/drafts";
import { useLiveWorkspace } from "@/api/useLiveWorkspace";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";
import { DraftRow } from "./DraftRow";

/** The drafts of a workspace: what runs changed without touching its files. */
export function DraftsPanel({ workspaceId }: { workspaceId: string }) {
  useLiveWorkspace(workspaceId);
  const drafts = useQuery(draftsQuery(workspaceId));
  const [opened, setOpened] = useState<string>();
  const items = drafts.data?.items.filter(({ state }) => state !== "discarded") ?? [];
  return (
    <section aria-label="Drafts" className="min-h-0 flex-1 overflow-y-auto bg-panel">
      {items.length > 0 ? (
        <ul aria-label="Drafts">
          {items.map((draft) => (
            <DraftRow
              key={draft.id}
              workspaceId={workspaceId}
              draft={draft}
              isOpen={draft.id === (opened ?? items[0]?.id)}
              onToggle={(isOpen) => setOpened(isOpen ? draft.id : "")}
            />
          ))}
        </ul>
      ) : drafts.isPending ? (
        <Skeleton lines={3} className="p-3" />
      ) : drafts.isError ? (
        <ErrorState error={drafts.error} retry={() => void drafts.refetch()} className="m-2" />
      ) : (
        <EmptyState icon={<Layers />} title="No drafts">
          A command can run over a copy of the workspace: choose “In a draft” in the options of a
          run. What it changes is listed here and touches no file until you accept it.
        </EmptyState>
      )}
    </section>
  );
}
