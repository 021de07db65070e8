import { queryOptions } from "@tanstack/react-query";
import { call } from "../client";
import type { CreateSecret } from "../schema";
import { keys } from "./keys";

/** The names of one's secrets, with a workspace's when one is named. */
export function secretsQuery(workspaceId?: string) {
  return queryOptions({
    queryKey: [...keys.secrets, workspaceId ?? null],
    queryFn: ({ signal }) =>
      call("get", "/api/secrets", { query: workspaceId ? { workspaceId } : {}, signal }),
  });
}

export function createSecret(secret: CreateSecret) {
  return call("post", "/api/secrets", { body: secret });
}

/** Gives a secret another value; its name and its place stay. */
export function updateSecret(id: string, value: string) {
  return call("put", "/api/secrets/{id}", { path: { id }, body: { value } });
}

export function deleteSecret(id: string) {
  return call("delete", "/api/secrets/{id}", { path: { id } });
}
