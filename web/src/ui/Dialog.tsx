import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { cx } from "@/lib/cx";
import { IconButton } from "./IconButton";

/** The ground behind anything modal. */
export const VEIL = "veil fixed inset-0 z-40 bg-veil";

/** Where anything modal stands: in the middle, or at the foot of a phone. */
export const SHEET =
  "pop fixed z-50 flex max-h-[88dvh] flex-col border border-line bg-raised shadow-3 outline-none max-sm:inset-x-0 max-sm:bottom-0 max-sm:rounded-t-lg sm:top-[12dvh] sm:left-1/2 sm:max-h-[76dvh] sm:w-[min(36rem,92vw)] sm:-translate-x-1/2 sm:rounded-lg";

/** A question or form before everything else. Escape closes it. */
export function Dialog({
  open,
  onOpenChange,
  title,
  description,
  children,
  footer,
  wide = false,
  locked = false,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: string;
  children: ReactNode;
  /** The buttons, the main one last. */
  footer?: ReactNode;
  wide?: boolean;
  /** Work is under way that a stray click must not end. */
  locked?: boolean;
}) {
  const keepOpen = (event: Event) => {
    if (locked) event.preventDefault();
  };
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className={VEIL} />
        <Radix.Content
          className={cx(SHEET, wide && "sm:w-[min(52rem,94vw)]")}
          onInteractOutside={keepOpen}
          onEscapeKeyDown={keepOpen}
          {...(description ? {} : { "aria-describedby": undefined })}
        >
          <header className="border-line border-b py-3 pr-12 pl-4">
            <Radix.Title className="font-semibold text-md">{title}</Radix.Title>
            {description ? (
              <Radix.Description className="mt-0.5 text-muted">{description}</Radix.Description>
            ) : null}
          </header>
          <div className="min-h-0 flex-1 overflow-y-auto px-4 py-4">{children}</div>
          {footer ? (
            <footer className="flex flex-wrap justify-end gap-2 border-line border-t bg-panel px-4 py-3 max-sm:pb-[max(0.75rem,env(safe-area-inset-bottom))] sm:rounded-b-lg">
              {footer}
            </footer>
          ) : null}
          {/* Last, so that the focus goes to the form and not here. */}
          <IconButton
            label="Close"
            size="sm"
            icon={<X />}
            disabled={locked}
            onClick={() => onOpenChange(false)}
            className="absolute top-2.5 right-2.5"
          />
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
