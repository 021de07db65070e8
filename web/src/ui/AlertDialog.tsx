import { AlertDialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { Button } from "./Button";
import { SHEET, VEIL } from "./Dialog";

/** Asks before something that can't be taken back. */
export function AlertDialog({
  open,
  onOpenChange,
  title,
  children,
  confirm,
  onConfirm,
  danger = false,
  busy = false,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  /** The question. */
  title: string;
  /** What will happen. */
  children: ReactNode;
  /** The verb, as in "Delete model". */
  confirm: string;
  onConfirm: () => void;
  danger?: boolean;
  busy?: boolean;
}) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className={VEIL} />
        <Radix.Content className={`${SHEET} sm:w-[min(26rem,92vw)]`}>
          <div className="flex flex-col gap-1.5 px-4 pt-4 pb-5">
            <Radix.Title className="font-semibold text-md">{title}</Radix.Title>
            <Radix.Description asChild>
              <div className="text-muted">{children}</div>
            </Radix.Description>
          </div>
          <footer className="flex justify-end gap-2 border-line border-t bg-panel px-4 py-3 sm:rounded-b-lg">
            <Radix.Cancel asChild>
              <Button disabled={busy}>Cancel</Button>
            </Radix.Cancel>
            <Button variant={danger ? "danger" : "primary"} busy={busy} onClick={onConfirm}>
              {confirm}
            </Button>
          </footer>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
