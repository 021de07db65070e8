/**
 * Reads the token of a sign-in link from the address's fragment, which no
 * server and no log ever sees: `#token=…` or `#…`.
 */
export function signInToken(fragment: string): string | undefined {
  const text = fragment.replace(/^#/, "");
  const token = new URLSearchParams(text).get("token") ?? text;
  return /^[\w.~-]{1,200}$/.test(token) ? token : undefined;
}
