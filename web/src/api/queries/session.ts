import { queryOptions } from "@tanstack/react-query";
import { call } from "../client";
import { keys } from "./keys";

/** Who is signed in. */
export const sessionQuery = queryOptions({
  queryKey: keys.session,
  queryFn: ({ signal }) => call("get", "/api/session", { signal }),
  staleTime: Number.POSITIVE_INFINITY,
});

/** Exchanges the token of a sign-in link for a session cookie. */
export function signIn(token: string) {
  return call("post", "/api/session", { body: { token } });
}

/** Ends the session. */
export function signOut() {
  return call("delete", "/api/session", {});
}
