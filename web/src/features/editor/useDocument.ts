import { useCallback, useRef, useSyncExternalStore } from "react";
import type { Caret, DocumentInfo, Documents } from "@/editor/documents";

/** What is known of an open document; the component is drawn again when it changes. */
export function useDocument(documents: Documents, fileId: string): DocumentInfo | undefined {
  return useSyncExternalStore(documents.subscribe, () => documents.info(fileId));
}

/** Where the caret of a document is. */
export function useCaret(documents: Documents, fileId: string): Caret | undefined {
  const last = useRef<Caret>(undefined);
  const read = useCallback(() => {
    const caret = documents.caret(fileId);
    const known = last.current;
    const isSame =
      caret?.line === known?.line &&
      caret?.column === known?.column &&
      caret?.selected === known?.selected;
    // The same object for the same place, or React would draw without end.
    if (!isSame) last.current = caret;
    return last.current;
  }, [documents, fileId]);
  return useSyncExternalStore(documents.subscribeCaret, read);
}
