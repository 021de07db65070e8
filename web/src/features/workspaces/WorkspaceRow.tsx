import { Link, useNavigate } from "@tanstack/react-router";
import { Archive, ArchiveRestore, FolderOpen, MoreHorizontal, Pencil } from "lucide-react";
import { useState } from "react";
import type { Workspace } from "@/api/schema";
import { ago } from "@/lib/format";
import { IconButton } from "@/ui/IconButton";
import { Menu, type MenuItem } from "@/ui/Menu";
import { RenameDialog } from "./RenameDialog";
import { Swatch } from "./Swatch";
import { useArchive } from "./useArchive";

/** One workspace: a link to it and what can be done with it. */
export function WorkspaceRow({ workspace }: { workspace: Workspace }) {
  const navigate = useNavigate();
  const [renaming, setRenaming] = useState(false);
  const archive = useArchive();
  const isArchived = Boolean(workspace.archivedAt);

  const items: MenuItem[] = isArchived
    ? [
        {
          id: "restore",
          label: "Bring back",
          icon: <ArchiveRestore />,
          run: () => archive.mutate({ workspace, archived: false }),
        },
      ]
    : [
        {
          id: "open",
          label: "Open",
          icon: <FolderOpen />,
          run: () =>
            void navigate({ to: "/w/$workspaceId", params: { workspaceId: workspace.id } }),
        },
        { id: "rename", label: "Rename", icon: <Pencil />, run: () => setRenaming(true) },
        {
          id: "archive",
          label: "Archive",
          icon: <Archive />,
          separated: true,
          run: () => archive.mutate({ workspace, archived: true }),
        },
      ];

  return (
    <li className="group relative flex items-center gap-3 border-line border-b px-3.5 py-2.5 transition-colors first:rounded-t-lg last:rounded-b-lg last:border-0 hover:bg-hover">
      <Swatch id={workspace.id} name={workspace.name} />
      <div className="min-w-0 flex-1">
        <Link
          to="/w/$workspaceId"
          params={{ workspaceId: workspace.id }}
          // The whole row is the link's, up to the menu's button.
          className="block truncate font-medium after:absolute after:inset-0 after:rounded-md focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-focus"
        >
          {workspace.name}
        </Link>
        <p className="truncate text-muted text-sm">
          {isArchived && workspace.archivedAt
            ? `Archived ${ago(workspace.archivedAt)}`
            : `Changed ${ago(workspace.updatedAt)}`}
        </p>
      </div>
      <div className="relative">
        <Menu
          label={`${workspace.name}: actions`}
          items={items}
          trigger={<IconButton label={`Actions for ${workspace.name}`} icon={<MoreHorizontal />} />}
        />
      </div>
      {renaming ? <RenameDialog workspace={workspace} onClose={() => setRenaming(false)} /> : null}
    </li>
  );
}
