import { useCallback, useSyncExternalStore } from "react";

/** Screens that show one part of a page at a time. */
export const PHONE = "(max-width: 767px)";

/** Follows a media query. False where there are none, as in tests. */
export function useMediaQuery(query: string): boolean {
  const subscribe = useCallback(
    (onChange: () => void) => {
      const list = globalThis.matchMedia?.(query);
      list?.addEventListener("change", onChange);
      return () => list?.removeEventListener("change", onChange);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => globalThis.matchMedia?.(query).matches ?? false);
}
