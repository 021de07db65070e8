import { Pencil, Pin, Play, Trash2 } from "lucide-react";
import { useState } from "react";
import { Button } from "@/ui/Button";
import { IconButton } from "@/ui/IconButton";
import { Kbd } from "@/ui/Kbd";
import { ThemeToggle } from "@/ui/ThemeToggle";
import { Specimen } from "./Specimen";

const VARIANTS = [
  ["primary", "Create workspace"],
  ["secondary", "Cancel"],
  ["ghost", "Show more"],
  ["danger", "Delete model"],
] as const;

export function Actions() {
  const [pinned, setPinned] = useState(true);
  return (
    <>
      <Specimen name="Button">
        {VARIANTS.map(([variant, label]) => (
          <Button key={variant} variant={variant}>
            {label}
          </Button>
        ))}
        <Button icon={<Play />}>Run</Button>
        <Button variant="primary" busy>
          Saving
        </Button>
        <Button disabled>Not now</Button>
        <Button size="sm" variant="primary">
          Small
        </Button>
        <Button size="sm">Small</Button>
      </Specimen>
      <Specimen name="IconButton, ThemeToggle, Kbd">
        <IconButton label="Edit" icon={<Pencil />} />
        <IconButton
          label="Pin"
          icon={<Pin />}
          aria-pressed={pinned}
          onClick={() => setPinned(!pinned)}
        />
        <IconButton label="Delete" icon={<Trash2 />} variant="danger" />
        <IconButton label="Not now" icon={<Pencil />} disabled />
        <IconButton label="Working" icon={<Pencil />} busy />
        <IconButton label="Small" icon={<Pencil />} size="sm" variant="secondary" />
        <ThemeToggle />
        <Kbd keys="Mod+Shift+P" />
      </Specimen>
    </>
  );
}
