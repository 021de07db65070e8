import { Popover as Radix } from "radix-ui";
import type { ReactNode } from "react";

/** A small sheet that belongs to a button. Escape and a click elsewhere close it. */
export function Popover({
  trigger,
  label,
  side = "bottom",
  align = "end",
  open,
  onOpenChange,
  children,
}: {
  /** The button. */
  trigger: ReactNode;
  /** What the sheet is about; read aloud. */
  label: string;
  side?: "top" | "bottom";
  align?: "start" | "end";
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
  children: ReactNode;
}) {
  return (
    <Radix.Root
      {...(open === undefined ? {} : { open })}
      {...(onOpenChange === undefined ? {} : { onOpenChange })}
    >
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          aria-label={label}
          side={side}
          align={align}
          sideOffset={6}
          collisionPadding={8}
          className="pop z-40 flex max-h-(--radix-popover-content-available-height) w-[min(24rem,calc(100vw-1rem))] flex-col overflow-y-auto rounded-md border border-line bg-raised shadow-3 outline-none"
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
