import { useEffect } from "react";
import { Toaster } from "sonner";

/** The list of toasts; see `Toast.tsx`. */
export function ToastList({ onListening }: { onListening: () => void }) {
  // The effects of what is inside have run before this one.
  useEffect(onListening, [onListening]);
  return (
    <Toaster
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
