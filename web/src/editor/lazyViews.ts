/** Views of the editor that most pages never need, loaded when they are shown. */
import type { SideNames } from "./conflictMarkers";
import type { Comparison, PiecesOptions } from "./mergeView";

/** Shows two texts and what differs; returns what takes the view away. */
export function showComparison(parent: HTMLElement, comparison: Comparison): () => void {
  return showLater(async () => {
    const { mountComparison } = await import("./mergeView");
    return mountComparison(parent, comparison);
  });
}

/** Shows an editor for a merged text; returns what takes the view away. */
export function showMergeEditor(
  parent: HTMLElement,
  options: { path: string; text: string; names: SideNames; onChange: (text: string) => void },
): () => void {
  return showLater(async () => {
    const { mountMergeEditor } = await import("./mergeView");
    return mountMergeEditor(parent, options);
  });
}

/** Shows an editor for a merge in pieces; returns what takes the view away. */
export function showPiecesEditor(parent: HTMLElement, options: PiecesOptions): () => void {
  return showLater(async () => {
    const { mountPiecesEditor } = await import("./mergeView");
    return mountPiecesEditor(parent, options);
  });
}

function showLater(mount: () => Promise<{ destroy(): void }>): () => void {
  const mounted = mount();
  return () => void mounted.then((view) => view.destroy());
}
