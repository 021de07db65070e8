/** What tabs are called: the file's name and, where two share it, their folders. */

export interface TabLabel {
  readonly name: string;
  /** As much of the folder as tells the tab from others of the same name. */
  readonly folder: string | undefined;
}

/** The labels of some paths, in their order. */
export function labelsOf(paths: readonly string[]): TabLabel[] {
  return paths.map((path) => {
    const parts = path.split("/");
    const name = parts.at(-1) ?? path;
    const rivals = paths.filter((other) => other !== path && other.split("/").at(-1) === name);
    return { name, folder: rivals.length === 0 ? undefined : folderAgainst(parts, rivals) };
  });
}

function folderAgainst(parts: readonly string[], rivals: readonly string[]): string {
  for (let length = 2; length <= parts.length; length += 1) {
    const tail = parts.slice(-length).join("/");
    const isAlone = rivals.every((other) => other !== tail && !other.endsWith(`/${tail}`));
    if (isAlone) return parts.slice(-length, -1).join("/");
  }
  return parts.length === 1 ? "./" : parts.slice(0, -1).join("/");
}
