import { FileCode2 } from "lucide-react";
import { useCallback, useState } from "react";
import { useStore } from "zustand";
import { useLiveWorkspace } from "@/api/useLiveWorkspace";
import { questionFocus } from "@/commands/focusWish";
import { runCommand } from "@/commands/registry";
import { useShowInWorkspace, useWorkspaceSearch } from "@/commands/useWorkspaceNavigation";
import { documentsOf } from "@/editor/workspaceDocuments";
import { workspaceStore } from "@/lib/workspaceStore";
import { EmptyState } from "@/ui/EmptyState";
import { Kbd } from "@/ui/Kbd";
import { takeSelection } from "./askSelection";
import { CloseDialog } from "./CloseDialog";
import { OpenFile } from "./OpenFile";
import { TabStrip } from "./TabStrip";
import { useEditorCommands } from "./useEditorCommands";
import { useSaver } from "./useSaver";

/** The editor with its tabs. The active tab is the address's `?file=`. */
export function EditorPane({ workspaceId }: { workspaceId: string }) {
  useLiveWorkspace(workspaceId);
  const { file: active, line } = useWorkspaceSearch();
  const show = useShowInWorkspace();
  const documents = documentsOf(workspaceId);
  const store = workspaceStore(workspaceId);
  const { tabs, dirty } = useStore(store);
  const saver = useSaver(documents);
  const [closing, setClosing] = useState<string>();
  const [wantsFocus, setWantsFocus] = useState(false);
  const onFocused = useCallback(() => setWantsFocus(false), []);

  const showFile = useCallback(
    (file: string | undefined) => show({ file, line: undefined }),
    [show],
  );
  const drop = (fileId: string) => {
    setClosing(undefined);
    const next = store.getState().closeTab(fileId);
    documents.close(fileId);
    saver.dropConflict(fileId);
    if (fileId === active) {
      store.getState().setLastFile(next);
      showFile(next ?? undefined);
    }
  };
  const close = (fileId: string) => {
    if (dirty.has(fileId)) setClosing(fileId);
    else drop(fileId);
  };
  const saveAndClose = async (fileId: string) => {
    if (fileId !== active && !documents.info(fileId)) showFile(fileId);
    else if (await saver.save(fileId)) drop(fileId);
    setClosing(undefined);
  };
  useEditorCommands({
    active,
    tabs,
    dirty,
    onSave: (fileId) => void saver.save(fileId),
    onShow: showFile,
    onClose: close,
    onFocus: () => setWantsFocus(true),
    onVersions: () => show({ panel: "versions" }),
    hasSelection: (fileId) => documents.selectedLines(fileId) !== undefined,
    onAsk: (fileId) => {
      void takeSelection(documents, store, fileId).then((isTaken) => {
        if (!isTaken) return;
        runCommand("layout.chat");
        requestAnimationFrame(() => questionFocus.ask());
      });
    },
  });

  const closingTab = tabs.find(({ fileId }) => fileId === closing);
  return (
    <section aria-label="Editor" className="flex min-h-0 flex-1 flex-col bg-sunken">
      <TabStrip
        tabs={tabs}
        dirty={dirty}
        active={active}
        onShow={showFile}
        onClose={close}
        onMove={store.getState().moveTab}
      />
      {active ? (
        <OpenFile
          workspaceId={workspaceId}
          fileId={active}
          line={line}
          documents={documents}
          saver={saver}
          wantsFocus={wantsFocus}
          onFocused={onFocused}
          onVersions={() => show({ panel: "versions" })}
          onClose={() => drop(active)}
        />
      ) : (
        <NothingOpen />
      )}
      {closingTab ? (
        <CloseDialog
          name={closingTab.path}
          busy={saver.saving.has(closingTab.fileId)}
          onSave={() => void saveAndClose(closingTab.fileId)}
          onDiscard={() => drop(closingTab.fileId)}
          onCancel={() => setClosing(undefined)}
        />
      ) : null}
    </section>
  );
}

function NothingOpen() {
  return (
    <div className="flex flex-1 items-center justify-center">
      <EmptyState icon={<FileCode2 />} title="No file is open">
        <p>Choose one in the explorer.</p>
        <p className="mt-3 max-md:hidden">
          <Kbd keys="Mod+K" /> finds commands and files.
        </p>
      </EmptyState>
    </div>
  );
}
