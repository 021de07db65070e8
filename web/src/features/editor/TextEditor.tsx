import { EditorView } from "@codemirror/view";
import { useEffect, useRef } from "react";
import type { Documents } from "@/editor/documents";
import type { WorkspaceStore } from "@/lib/workspaceStore";

/** Shows a document in a CodeMirror view. One view serves all tabs. */
export function TextEditor({
  documents,
  store,
  fileId,
  line,
  wantsFocus,
  onFocused,
}: {
  documents: Documents;
  store: WorkspaceStore;
  fileId: string;
  /** A line to go to, from 1. */
  line: number | undefined;
  /** Somebody asked for the caret to be put here. */
  wantsFocus: boolean;
  onFocused: () => void;
}) {
  const parent = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);

  useEffect(() => {
    if (!parent.current) return undefined;
    const shown = new EditorView({ parent: parent.current });
    view.current = shown;
    return () => {
      documents.detach(shown);
      shown.destroy();
      view.current = null;
    };
  }, [documents]);

  useEffect(() => {
    const shown = view.current;
    if (!shown) return undefined;
    documents.attach(fileId, shown, store.getState().scroll[fileId]);
    const keepPlace = () => {
      const top = shown.lineBlockAtHeight(shown.scrollDOM.scrollTop);
      store.getState().setScroll(fileId, shown.state.doc.lineAt(top.from).number);
    };
    shown.scrollDOM.addEventListener("scrollend", keepPlace);
    return () => shown.scrollDOM.removeEventListener("scrollend", keepPlace);
  }, [documents, fileId, store]);

  useEffect(() => {
    if (line !== undefined) documents.goTo(fileId, line);
  }, [documents, fileId, line]);

  useEffect(() => {
    if (!wantsFocus) return;
    view.current?.focus();
    onFocused();
  }, [wantsFocus, onFocused]);

  return <div ref={parent} className="min-h-0 flex-1 overflow-hidden" />;
}
