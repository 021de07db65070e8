import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { KeyRound, MessageSquare } from "lucide-react";
import { type ReactNode, useMemo, useRef, useState } from "react";
import { useStore } from "zustand";
import { modelsQuery } from "@/api/queries/models";
import { proposalsQuery } from "@/api/queries/proposals";
import { providersQuery } from "@/api/queries/providers";
import { documentsOf } from "@/editor/workspaceDocuments";
import { type SelectedLines, withRestored } from "@/lib/selection";
import { readStored, writeStored } from "@/lib/storage";
import { workspaceStore } from "@/lib/workspaceStore";
import { Button, buttonClass } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorState } from "@/ui/ErrorState";
import { Skeleton } from "@/ui/Skeleton";
import { LiveRegion } from "@/ui/VisuallyHidden";
import { Composer } from "./Composer";
import { FileChips } from "./FileChips";
import { NEW_CONVERSATION } from "./liveTurns";
import { ModelSelect, modelChoices } from "./ModelSelect";
import { SecretChips } from "./SecretChips";
import { SelectionChips, without } from "./SelectionChips";
import type { Retry } from "./TurnItem";
import { TurnList } from "./TurnList";
import { phaseOf } from "./turnLog";
import { useAttachedFiles } from "./useAttachedFiles";
import { useAttachedSecrets } from "./useAttachedSecrets";
import type { ChatState } from "./useChat";

/** What was said in a conversation, and where to go on with it. */
export function Conversation({ workspaceId, chat }: { workspaceId: string; chat: ChatState }) {
  const store = workspaceStore(workspaceId);
  const slot = chat.conversationId ?? NEW_CONVERSATION;
  const draft = useStore(store, ({ drafts }) => drafts[slot] ?? "");
  const setDraft = (text: string) => store.getState().setDraft(slot, text);
  const openProposals = useOpenProposals(workspaceId);
  const attached = useAttachedFiles(workspaceId);
  const secrets = useAttachedSecrets(workspaceId, slot);
  const selections = useStore(store, (state) => state.selections);
  const setSelections = store.getState().setSelections;
  const model = useModel(workspaceId);

  const ask = async (
    message: string,
    attach: readonly string[],
    selected: readonly SelectedLines[],
  ) => {
    setDraft("");
    secrets.set([]);
    setSelections(selected.reduce(without, selections));
    const isTaken = await chat.ask({
      message,
      files: attached.paths.filter((path) => !selected.some((other) => other.path === path)),
      ...(selected.length > 0 ? { selections: [...selected] } : {}),
      ...(attach.length > 0 ? { attach: [...attach] } : {}),
      ...(model.id ? { providerId: model.id } : {}),
    });
    // A question that was refused goes back to where it can be sent again.
    if (!isTaken && !store.getState().drafts[slot]) {
      setDraft(message);
      secrets.set(attach);
      setSelections(withRestored(store.getState().selections, selected));
    }
  };
  // The chat may be drawn many times while an answer comes in; its rows need not be.
  const latestAsk = useRef(ask);
  latestAsk.current = ask;
  const [retry] = useState(
    (): Retry => (question, secretIds, selected) =>
      void latestAsk.current(question, secretIds, selected),
  );

  if (model.isMissing) return <NoModel />;
  return (
    <>
      <Said chat={chat}>
        <TurnList
          key={slot}
          workspaceId={workspaceId}
          exchanges={chat.exchanges}
          openProposals={openProposals}
          onRetry={chat.running ? undefined : retry}
        />
      </Said>
      <LiveRegion>{spokenPhase(chat)}</LiveRegion>
      <Composer
        text={draft}
        onText={setDraft}
        isRunning={chat.running !== undefined}
        isStopping={chat.isStopping}
        onSend={() =>
          void ask(
            draft.trim(),
            secrets.secrets.map(({ id }) => id),
            selections,
          )
        }
        onStop={chat.stop}
        above={
          <>
            <div className="flex flex-wrap items-center gap-1.5">
              <FileChips
                workspaceId={workspaceId}
                paths={attached.paths}
                onAdd={attached.add}
                onRemove={attached.remove}
              />
              <SelectionChips
                selections={selections}
                onRemove={(gone) => setSelections(without(selections, gone))}
              />
              <SecretChips
                workspaceId={workspaceId}
                secrets={secrets.secrets}
                onAdd={secrets.add}
                onRemove={secrets.remove}
              />
            </div>
            <UnsavedNotice workspaceId={workspaceId} paths={attached.unsaved} />
          </>
        }
        beside={
          <ModelSelect
            workspaceId={workspaceId}
            choices={model.choices}
            value={model.id}
            onChange={model.choose}
          />
        }
      />
    </>
  );
}

/** The conversation, or what stands in its place. */
function Said({ chat, children }: { chat: ChatState; children: ReactNode }) {
  if (chat.error !== undefined) {
    return (
      <div className="min-h-0 flex-1 overflow-y-auto p-3">
        <ErrorState error={chat.error} retry={chat.reload} />
      </div>
    );
  }
  if (chat.isPending) return <Skeleton lines={5} className="flex-1 p-4" />;
  if (chat.exchanges.length > 0) return children;
  return (
    <div className="flex min-h-0 flex-1 items-center justify-center overflow-y-auto">
      <EmptyState icon={<MessageSquare />} title="Ask about this project">
        Say what should change. You see every change before anything is written, and decide on each
        part of it.
      </EmptyState>
    </div>
  );
}

function NoModel() {
  return (
    <div className="flex flex-1 items-center justify-center">
      <EmptyState
        icon={<KeyRound />}
        title="No model is set up"
        action={
          <span className="flex flex-wrap justify-center gap-2">
            <Link to="/settings/models" className={buttonClass("primary")}>
              Set up a model
            </Link>
            <Link
              to="/settings/models"
              search={{ view: "local" }}
              className={buttonClass("secondary")}
            >
              Get the local model
            </Link>
          </span>
        }
      >
        A service on the net, a server on your own machine, or a small model that needs neither key
        nor network.
      </EmptyState>
    </div>
  );
}

/** The assistant reads what is saved, which may not be what is on screen. */
function UnsavedNotice({ workspaceId, paths }: { workspaceId: string; paths: readonly string[] }) {
  const { tabs } = useStore(workspaceStore(workspaceId));
  if (paths.length === 0) return null;
  const save = () => {
    for (const { fileId } of tabs.filter(({ path }) => paths.includes(path))) {
      void documentsOf(workspaceId).ensureSaved(fileId);
    }
  };
  return (
    <p className="flex flex-wrap items-center gap-2 text-muted text-sm">
      The assistant reads the saved text; {paths.join(", ")} {paths.length === 1 ? "has" : "have"}{" "}
      unsaved changes.
      <Button size="sm" onClick={save}>
        Save
      </Button>
    </p>
  );
}

/** The configured models, and which of them answers here. */
function useModel(workspaceId: string) {
  const providers = useQuery(providersQuery).data?.items;
  // Those on this machine are nobody's provider, and may have come just now.
  const models = useQuery({ ...modelsQuery, refetchOnMount: "always" }).data?.items;
  const choices = useMemo(() => modelChoices(providers ?? [], models ?? []), [providers, models]);
  const key = `atelier.model.${workspaceId}`;
  const [chosen, setChosen] = useState(() => {
    const kept = readStored(key);
    return typeof kept === "string" ? kept : undefined;
  });
  return {
    choices,
    isMissing: providers !== undefined && models !== undefined && choices.length === 0,
    // A model that has been removed since is nobody's choice any more.
    id: choices.find(({ id }) => id === chosen)?.id,
    choose: (id: string | undefined) => {
      setChosen(id);
      writeStored(key, id);
    },
  };
}

/** The proposals that wait for a decision. */
function useOpenProposals(workspaceId: string): ReadonlySet<string> {
  const { data } = useQuery(proposalsQuery(workspaceId));
  return useMemo(
    () => new Set((data?.items ?? []).filter(({ state }) => state === "open").map(({ id }) => id)),
    [data],
  );
}

/** What a screen reader is told while an answer comes in: where it stands, not each word. */
function spokenPhase({ exchanges }: ChatState): string {
  const log = exchanges.at(-1)?.log;
  if (!log) return "";
  switch (phaseOf(log, false)) {
    case "thinking":
      return "The assistant is thinking";
    case "answering":
      return "The assistant is answering";
    case "failed":
      return "The assistant failed";
    case "stopped":
      return "The assistant was stopped";
    case "interrupted":
      return "The answer was interrupted";
    case "done":
    case "waitingForYou":
      return "The assistant has answered";
  }
}
