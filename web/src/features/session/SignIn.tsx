import { useQuery } from "@tanstack/react-query";
import { Navigate } from "@tanstack/react-router";
import { Terminal } from "lucide-react";
import type { ReactNode } from "react";
import { ApiError } from "@/api/client";
import { sessionQuery, signIn } from "@/api/queries/session";
import { ErrorState } from "@/ui/ErrorState";
import { Logo } from "@/ui/Logo";
import { ProgressBar } from "@/ui/ProgressBar";

/**
 * Exchanges the link's token for a session. Without a token, or with one that
 * no longer works, says how to get a new link.
 */
export function SignIn({ token, back }: { token: string | undefined; back: string }) {
  // A query, not a mutation: the token works once, and a query with its key is
  // sent once however often the page is drawn.
  const entry = useQuery({
    queryKey: ["signIn", token],
    queryFn: () => signIn(token ?? ""),
    enabled: token !== undefined,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const linkFailed = entry.error instanceof ApiError && entry.error.status === 401;
  // Whoever opens a used link is often signed in already.
  const session = useQuery({ ...sessionQuery, enabled: linkFailed, retry: false });

  if (entry.isSuccess || session.isSuccess) return <Navigate to={back} replace />;
  if (token === undefined) {
    return (
      <Frame title="You are not signed in">
        <p>Atelier signs you in with a link that works once, so there is no password to keep.</p>
        <NewLink />
      </Frame>
    );
  }
  if (entry.isPending || session.isLoading) {
    return (
      <Frame title="Signing you in">
        <ProgressBar label="Checking the link" />
      </Frame>
    );
  }
  if (linkFailed) {
    return (
      <Frame title="This link no longer works">
        <p>
          Each link works once and only for a short time. This one was used, has expired or is
          incomplete.
        </p>
        <NewLink />
      </Frame>
    );
  }
  return (
    <Frame title="Signing in failed">
      <ErrorState error={entry.error} retry={() => void entry.refetch()} />
    </Frame>
  );
}

function NewLink() {
  return (
    <>
      <p>Print a link on the machine that Atelier runs on:</p>
      <pre className="flex items-center gap-2.5 overflow-x-auto rounded-md border border-line bg-canvas px-3 py-2.5 font-mono text-ink">
        <Terminal aria-hidden className="size-4 shrink-0 text-muted" />
        <code>atelier admin sign-in-link</code>
      </pre>
      <p>Then open the link it prints in this browser.</p>
    </>
  );
}

function Frame({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className="flex min-h-full flex-1 flex-col items-center justify-center overflow-y-auto p-5">
      <title>{`${title} · Atelier`}</title>
      <div className="w-full max-w-md rounded-lg border border-line bg-raised p-6 shadow-2 sm:p-8">
        <div className="mb-5 flex items-center gap-2.5 font-semibold text-md">
          <Logo className="size-8" />
          Atelier
        </div>
        <h1 className="mb-3 font-semibold text-lg tracking-[-0.01em]">{title}</h1>
        <div className="flex flex-col gap-3 text-muted">{children}</div>
      </div>
    </main>
  );
}
