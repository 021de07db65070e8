import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "./client";

/** Makes the cache of server data. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { retry: mayPass, staleTime: 5_000 },
    },
  });
}

/** Tries again what may pass by itself: no answer, too many at once, not now. */
function mayPass(failures: number, error: Error): boolean {
  if (failures >= 2) return false;
  return error instanceof ApiError && [0, 429, 502, 503, 504].includes(error.status);
}
