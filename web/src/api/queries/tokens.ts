import { queryOptions } from "@tanstack/react-query";
import { call } from "../client";
import type { CreateToken } from "../schema";
import { keys } from "./keys";

/** The tokens that programs ask models with; what proves them isn't among it. */
export const tokensQuery = queryOptions({
  queryKey: keys.tokens,
  queryFn: ({ signal }) => call("get", "/api/tokens", { signal }),
});

export function createToken(token: CreateToken) {
  return call("post", "/api/tokens", { body: token });
}

export function deleteToken(id: string) {
  return call("delete", "/api/tokens/{id}", { path: { id } });
}
