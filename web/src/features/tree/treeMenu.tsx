import { Copy, FilePlus2, FolderPlus, Pencil, SquareArrowOutUpRight, Trash2 } from "lucide-react";
import type { File, NewFileKind } from "@/api/schema";
import type { MenuItem } from "@/ui/Menu";
import { toast } from "@/ui/Toast";
import { parentOf, type TreeNode } from "./treeModel";

export interface MenuActions {
  onOpen(node: TreeNode<File>): void;
  onCreate(kind: NewFileKind, folder: string): void;
  onRename(node: TreeNode<File>): void;
  onDelete(node: TreeNode<File>): void;
}

/** What the menu of an entry offers; without an entry, of the tree itself. */
export function menuItems(node: TreeNode<File> | undefined, actions: MenuActions): MenuItem[] {
  const folder = node ? (node.isFolder ? node.path : parentOf(node.path)) : "";
  const create: MenuItem[] = [
    {
      id: "file",
      label: "New file…",
      icon: <FilePlus2 />,
      separated: node !== undefined && !node.isFolder,
      run: () => actions.onCreate("file", folder),
    },
    {
      id: "folder",
      label: "New folder…",
      icon: <FolderPlus />,
      run: () => actions.onCreate("directory", folder),
    },
  ];
  if (!node) return create;
  const open: MenuItem = {
    id: "open",
    label: "Open",
    icon: <SquareArrowOutUpRight />,
    keys: "Enter",
    run: () => actions.onOpen(node),
  };
  return [
    ...(node.isFolder ? [] : [open]),
    ...create,
    {
      id: "copy",
      label: "Copy path",
      icon: <Copy />,
      separated: true,
      run: () => void copy(node.path),
    },
    {
      id: "rename",
      label: "Rename…",
      icon: <Pencil />,
      keys: "F2",
      disabled: node.file === undefined,
      run: () => actions.onRename(node),
    },
    {
      id: "delete",
      label: "Delete",
      icon: <Trash2 />,
      keys: "Delete",
      danger: true,
      separated: true,
      disabled: node.file === undefined,
      run: () => actions.onDelete(node),
    },
  ];
}

async function copy(path: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(path);
    toast.success("The path was copied");
  } catch {
    toast.info("The browser did not allow copying", path);
  }
}
