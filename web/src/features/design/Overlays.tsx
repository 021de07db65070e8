import { Copy, Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import { runCommand } from "@/commands/registry";
import { AlertDialog } from "@/ui/AlertDialog";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ContextMenu, Menu, type MenuItem } from "@/ui/Menu";
import { Popover } from "@/ui/Popover";
import { Tooltip } from "@/ui/Tooltip";
import { Specimen } from "./Specimen";

const ITEMS: MenuItem[] = [
  { id: "rename", label: "Rename", icon: <Pencil />, keys: "F2", run: () => undefined },
  { id: "copy", label: "Copy path", icon: <Copy />, disabled: true, run: () => undefined },
  {
    id: "delete",
    label: "Delete",
    icon: <Trash2 />,
    danger: true,
    separated: true,
    run: () => undefined,
  },
];

export function Overlays() {
  const [dialog, setDialog] = useState(false);
  const [alert, setAlert] = useState(false);
  return (
    <Specimen name="Dialog, AlertDialog, Menu, ContextMenu, Popover, Tooltip, CommandPalette">
      <Button onClick={() => setDialog(true)}>Open a dialog</Button>
      <Button onClick={() => setAlert(true)}>Ask before deleting</Button>
      <Menu label="Example" items={ITEMS} align="start" trigger={<Button>Open a menu</Button>} />
      <ContextMenu label="Example" items={ITEMS}>
        <Button>Right-click me</Button>
      </ContextMenu>
      <Popover label="Example" align="start" trigger={<Button>Open a popover</Button>}>
        <p className="p-3.5">What belongs to the button stands here.</p>
      </Popover>
      <Tooltip label="Runs the file in the editor" keys="Mod+Enter">
        <Button>Hover over me</Button>
      </Tooltip>
      <Button onClick={() => runCommand("palette.open")}>Find a command</Button>
      <Dialog
        open={dialog}
        onOpenChange={setDialog}
        title="Rename workspace"
        description="Its address stays the same."
        footer={
          <>
            <Button onClick={() => setDialog(false)}>Cancel</Button>
            <Button variant="primary" onClick={() => setDialog(false)}>
              Rename
            </Button>
          </>
        }
      >
        <p>The form stands here.</p>
      </Dialog>
      <AlertDialog
        open={alert}
        onOpenChange={setAlert}
        title="Delete “OpenAI”?"
        confirm="Delete model"
        danger
        onConfirm={() => setAlert(false)}
      >
        Its key is deleted too and can't be brought back.
      </AlertDialog>
    </Specimen>
  );
}
