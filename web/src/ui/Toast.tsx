import { Toaster as Sonner, toast as sonner } from "sonner";
import { troubleOf } from "@/lib/trouble";

/** Where toasts appear. Stands once in the page. */
export function Toaster() {
  return (
    <Sonner
      position="bottom-right"
      closeButton
      gap={8}
      offset={16}
      mobileOffset={{ bottom: "calc(4.5rem + env(safe-area-inset-bottom))" }}
      toastOptions={{
        unstyled: true,
        closeButtonAriaLabel: "Dismiss",
        classNames: {
          toast:
            "flex w-[min(24rem,92vw)] items-start gap-2.5 rounded-md border border-line bg-raised py-2.5 pr-8 pl-3.5 text-base text-ink shadow-3",
          title: "font-medium",
          description: "text-muted",
          icon: "mt-0.5 shrink-0",
          content: "flex min-w-0 flex-1 flex-col gap-0.5",
          actionButton:
            "order-last shrink-0 self-center rounded-sm px-2 py-1 font-medium text-accent hover:bg-accent-soft",
          closeButton:
            "absolute top-1.5 right-1.5 inline-flex size-6 items-center justify-center rounded-sm text-muted hover:bg-hover hover:text-ink pointer-coarse:size-9",
          success: "[&_[data-icon]]:text-success",
          error: "[&_[data-icon]]:text-danger",
        },
      }}
    />
  );
}

/** Short news. What a person must not miss belongs in the page instead. */
export const toast = {
  success(title: string, undo?: { label: string; run: () => void }): void {
    sonner.success(title, {
      duration: undo ? 10_000 : 4_000,
      ...(undo ? { action: { label: undo.label, onClick: undo.run } } : {}),
    });
  },
  info(title: string, description?: string): void {
    sonner.info(title, description ? { description } : undefined);
  },
  /** Tells of a failure; stays until it is read. */
  error(error: unknown): void {
    const { title, detail, hint } = troubleOf(error);
    sonner.error(title, {
      description: [detail, hint].filter(Boolean).join(" "),
      duration: 12_000,
    });
  },
};
