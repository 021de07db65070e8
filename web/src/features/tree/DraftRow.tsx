import type { ReactNode } from "react";
import type { NewFileKind } from "@/api/schema";
import { FileIcon } from "./fileIcon";

/** The row above the tree in which something new gets its name. */
export function DraftRow({
  kind,
  folder,
  children,
}: {
  kind: NewFileKind;
  folder: string;
  children: ReactNode;
}) {
  return (
    <div className="flex shrink-0 flex-col gap-1 border-line border-y bg-hover px-2 py-1.5">
      <p className="truncate text-muted text-sm">
        New {kind === "file" ? "file" : "folder"} in {folder === "" ? "the top folder" : folder}
      </p>
      <div className="flex items-center gap-1.5">
        <FileIcon name="" kind={kind} />
        {children}
      </div>
    </div>
  );
}
