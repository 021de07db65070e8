import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";

/** Asks what becomes of unsaved changes when a tab is closed. */
export function CloseDialog({
  name,
  busy,
  onSave,
  onDiscard,
  onCancel,
}: {
  name: string;
  busy: boolean;
  onSave: () => void;
  onDiscard: () => void;
  onCancel: () => void;
}) {
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onCancel();
      }}
      title={`Save the changes to ${name}?`}
      footer={
        <>
          <Button onClick={onCancel}>Cancel</Button>
          <Button variant="danger" onClick={onDiscard}>
            Don't save
          </Button>
          <Button variant="primary" busy={busy} onClick={onSave}>
            Save
          </Button>
        </>
      }
    >
      <p>If you close it without saving, what you typed since the last save is gone.</p>
    </Dialog>
  );
}
