/**
 * The browser's storage, which may be switched off, full or hold what an older
 * Atelier wrote. None of that may break a page.
 */

type Store = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** Returns the browser's storage, or nothing where there is none. */
function browserStore(): Store | undefined {
  try {
    return globalThis.localStorage;
  } catch {
    return undefined;
  }
}

/** Reads JSON kept under `key`; `undefined` when there is none that parses. */
export function readStored(key: string, store: Store | undefined = browserStore()): unknown {
  try {
    const text = store?.getItem(key);
    return text ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps `value` under `key` as JSON; `undefined` forgets it. */
export function writeStored(
  key: string,
  value: unknown,
  store: Store | undefined = browserStore(),
): void {
  try {
    if (value === undefined) store?.removeItem(key);
    else store?.setItem(key, JSON.stringify(value));
  } catch {
    // Full or switched off: the layout is then only kept while the page is open.
  }
}
