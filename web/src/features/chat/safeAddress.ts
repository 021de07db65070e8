/** The address of a link in text that a stranger wrote, or nothing when it isn't safe to follow. */
export function safeAddress(href: string | undefined): string | undefined {
  if (!href) return undefined;
  try {
    // No base: an address relative to this site could act on it.
    const { protocol, href: whole } = new URL(href);
    return ["http:", "https:", "mailto:"].includes(protocol) ? whole : undefined;
  } catch {
    return undefined;
  }
}
