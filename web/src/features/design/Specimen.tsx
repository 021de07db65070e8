import type { ReactNode } from "react";
import { Card } from "@/ui/Card";

/** A named piece of the gallery. */
export function Specimen({ name, children }: { name: string; children: ReactNode }) {
  return (
    <Card className="flex flex-col gap-3 p-4">
      <h3 className="font-mono text-muted text-sm">{name}</h3>
      <div className="flex flex-wrap items-center gap-3">{children}</div>
    </Card>
  );
}
