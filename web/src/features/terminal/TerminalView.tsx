import { RotateCcw, X } from "lucide-react";
import { useEffect, useRef } from "react";
import type { Terminal } from "@/api/schema";
import { terminalFocus } from "@/commands/focusWish";
import { AlertDialog } from "@/ui/AlertDialog";
import { Button } from "@/ui/Button";
import { ErrorState } from "@/ui/ErrorState";
import { Notice } from "@/ui/Notice";
import { useMediaQuery } from "@/ui/useMediaQuery";
import { LiveRegion } from "@/ui/VisuallyHidden";
import { endWords } from "./endWords";
import { KeyRow } from "./KeyRow";
import { useScreen } from "./useScreen";

/** One terminal: its screen, how its connection stands, how it ended. */
export function TerminalView({
  terminal,
  isShown,
  onLeave,
  onRestart,
  onClose,
}: {
  terminal: Terminal;
  isShown: boolean;
  /** The keyboard leaves the terminal. */
  onLeave: () => void;
  onRestart: () => void;
  onClose: () => void;
}) {
  const parent = useRef<HTMLDivElement>(null);
  const isTouch = useMediaQuery("(pointer: coarse)");
  const [state, change] = useScreen(terminal.id, terminal.title, parent, onLeave);
  const { screen, link, address, isControlHeld, error } = state;
  const end = state.end ?? (terminal.state === "ended" ? terminal : undefined);

  useEffect(() => {
    if (screen && isShown)
      return terminalFocus.take(() => {
        screen.focus();
        return true;
      });
  }, [screen, isShown]);

  return (
    <div hidden={!isShown} className="min-h-0 flex-1 not-[[hidden]]:flex flex-col">
      {error === undefined ? null : <ErrorState error={error} className="m-2" />}
      {link === "waiting" && !end ? (
        <Notice tone="warning">
          Connection lost; the terminal goes on. What you type now isn't sent.
        </Notice>
      ) : null}
      <div className="relative min-h-0 flex-1 bg-sunken">
        <div ref={parent} className="absolute inset-0 overflow-hidden py-1 pr-1 pl-2.5" />
      </div>
      {end ? (
        <Notice
          tone="info"
          actions={
            <>
              <Button size="sm" icon={<RotateCcw />} onClick={onRestart}>
                Restart
              </Button>
              <Button size="sm" icon={<X />} onClick={onClose}>
                Close
              </Button>
            </>
          }
        >
          {endWords(end)}
        </Notice>
      ) : isTouch ? (
        <KeyRow
          isControlHeld={isControlHeld}
          onPress={(key) => {
            screen?.press(key);
            change({ isControlHeld: false });
          }}
          onControl={() => {
            screen?.holdControl(!isControlHeld);
            change({ isControlHeld: !isControlHeld });
          }}
        />
      ) : null}
      <LiveRegion>{link === "waiting" ? "Connection lost" : ""}</LiveRegion>
      <AlertDialog
        open={address !== undefined}
        onOpenChange={() => change({ address: undefined })}
        title="Open this address?"
        confirm="Open in a new tab"
        onConfirm={() => {
          window.open(address, "_blank", "noopener,noreferrer");
          change({ address: undefined });
        }}
      >
        <p>A program in the terminal shows a link to:</p>
        <p className="mt-1.5 break-all font-mono text-ink text-sm">{address}</p>
      </AlertDialog>
    </div>
  );
}
