/** The longest name that a workspace may have. */
export const LONGEST_NAME = 120;

/** A name for a workspace made of a folder, file or URL: its last part. */
export function suggestName(source: string): string {
  const last = source
    .trim()
    .replace(/[?#].*$/, "")
    .split(/[\\/]/)
    .findLast((part) => part !== "");
  const bare = (last ?? "").replace(/\.(git|zip)$/i, "");
  return bare.includes(":") ? "" : bare.slice(0, LONGEST_NAME);
}
