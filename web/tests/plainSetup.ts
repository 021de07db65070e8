import { beforeEach } from "vitest";

// The one part of a browser that code without a page may ask for.
beforeEach(() => {
  const kept = new Map<string, string>();
  globalThis.localStorage = {
    get length() {
      return kept.size;
    },
    key: (at) => [...kept.keys()][at] ?? null,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
    clear: () => kept.clear(),
  };
});
