/** Where the pages of a workspace's servers are. */

/** The path that a person wrote, on the preview's own origin and nowhere else. */
export function addressAt(origin: string, written: string): string {
  const path = pathOf(written);
  return `${origin}/${path.replace(/^[/\\]+/, "")}`;
}

/** What is written may be a path or the server's own address, such as http://localhost:5173/a. */
function pathOf(written: string): string {
  const whole = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*(.*)$/i.exec(written.trim());
  return whole ? (whole[1] ?? "") : written.trim();
}

/** The path as it is shown again: always with its slash. */
export function shownPath(written: string): string {
  return `/${pathOf(written).replace(/^[/\\]+/, "")}`;
}
