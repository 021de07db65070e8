import { queryOptions } from "@tanstack/react-query";
import { call } from "../client";
import type { CreateProvider, UpdateProvider } from "../schema";
import { keys } from "./keys";

/** The configured models; the first is the default. */
export const providersQuery = queryOptions({
  queryKey: keys.providers,
  queryFn: ({ signal }) => call("get", "/api/providers", { signal }),
});

export function createProvider(provider: CreateProvider) {
  return call("post", "/api/providers", { body: provider });
}

export function updateProvider(id: string, change: UpdateProvider) {
  return call("patch", "/api/providers/{id}", { path: { id }, body: change });
}

export function deleteProvider(id: string) {
  return call("delete", "/api/providers/{id}", { path: { id } });
}

/** Tries whether a configured model answers. */
export function checkProvider(id: string, signal?: AbortSignal) {
  return call("post", "/api/providers/{id}/check", {
    path: { id },
    ...(signal ? { signal } : {}),
  });
}
