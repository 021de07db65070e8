import {
  Database,
  File,
  FileArchive,
  FileCode,
  FileCog,
  FileImage,
  FileJson,
  FileLock,
  FileSymlink,
  FileTerminal,
  FileText,
  Folder,
  FolderOpen,
  Globe,
  type LucideIcon,
  Palette,
} from "lucide-react";

const BY_ENDING: Record<string, LucideIcon> = {
  ...all(FileCode, "c cc cpp cs go h hpp java js jsx kt lua mjs php py rb rs swift ts tsx vue"),
  ...all(FileTerminal, "bash fish ps1 sh zsh"),
  ...all(FileJson, "json jsonl json5"),
  ...all(FileCog, "cfg conf env ini toml yaml yml"),
  ...all(FileText, "adoc log md rst txt"),
  ...all(FileImage, "avif bmp gif ico jpeg jpg png svg webp"),
  ...all(FileArchive, "7z gz jar rar tar tgz whl xz zip"),
  ...all(FileLock, "crt key lock pem"),
  ...all(Database, "csv db parquet sql sqlite tsv"),
  ...all(Globe, "htm html xhtml xml"),
  ...all(Palette, "css less sass scss"),
};

function all(icon: LucideIcon, endings: string): Record<string, LucideIcon> {
  return Object.fromEntries(endings.split(" ").map((ending) => [ending, icon]));
}

/** The picture that tells what kind of entry it is. Decoration: the name says it too. */
export function FileIcon({
  name,
  kind,
  isExpanded = false,
}: {
  name: string;
  kind: "file" | "directory" | "symlink";
  isExpanded?: boolean;
}) {
  const Icon = iconOf(name, kind, isExpanded);
  return <Icon aria-hidden className="size-4 shrink-0 text-muted" strokeWidth={1.75} />;
}

function iconOf(name: string, kind: "file" | "directory" | "symlink", isExpanded: boolean) {
  if (kind === "directory") return isExpanded ? FolderOpen : Folder;
  if (kind === "symlink") return FileSymlink;
  const ending = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  return BY_ENDING[ending] ?? File;
}
