import { lazy, Suspense } from "react";
import type { toast as Sonner } from "sonner";
import { useStore } from "zustand";
import { createStore } from "zustand/vanilla";
import { troubleOf } from "@/lib/trouble";

/**
 * Short news at the edge of the page. What a person must not miss belongs into
 * the page itself. Its code is fetched with the first piece of news.
 */

const isWanted = createStore(() => ({ value: false }));

/** Where toasts appear. Stands once in the page. */
export function Toaster() {
  const wanted = useStore(isWanted, (state) => state.value);
  return <Suspense>{wanted ? <ToastList /> : null}</Suspense>;
}

let isListening = () => {};
const listening = new Promise<void>((resolve) => {
  isListening = resolve;
});

const ToastList = lazy(async () => {
  const { ToastList } = await import("./ToastList");
  return { default: () => <ToastList onListening={isListening} /> };
});

export const toast = {
  success(title: string, undo?: { label: string; run: () => void }): void {
    show((list) =>
      list.success(title, {
        duration: undo ? 10_000 : 4_000,
        ...(undo ? { action: { label: undo.label, onClick: undo.run } } : {}),
      }),
    );
  },
  info(title: string, description?: string): void {
    show((list) => list.info(title, description ? { description } : undefined));
  },
  /** Tells of something that can be acted on, and stays long enough to do it. */
  offer(title: string, action: { label: string; run: () => void }): void {
    show((list) =>
      list.info(title, {
        duration: 15_000,
        action: { label: action.label, onClick: action.run },
      }),
    );
  },
  /** Tells of a failure; stays long enough to be read. */
  error(error: unknown): void {
    const { title, detail, hint } = troubleOf(error);
    const description = [detail, hint].filter(Boolean).join(" ");
    show((list) => list.error(title, { description, duration: 12_000 }));
  },
};

function show(add: (list: typeof Sonner) => void): void {
  isWanted.setState({ value: true });
  // A list that isn't there yet would miss it.
  void Promise.all([import("sonner"), listening]).then(([{ toast: list }]) => add(list));
}
