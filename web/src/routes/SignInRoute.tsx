import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { SignIn } from "@/features/session/SignIn";
import { signInToken } from "@/lib/signInToken";

const route = getRouteApi("/sign-in");

export function SignInRoute() {
  const { back } = route.useSearch();
  const [token] = useState(() => signInToken(window.location.hash));
  return <SignIn token={token} back={back ?? "/"} />;
}
