import { type ErrorComponentProps, useRouter } from "@tanstack/react-router";
import { AppBar } from "@/features/frame/AppBar";
import { ErrorState } from "@/ui/ErrorState";
import { Page } from "@/ui/Page";

/** What takes the place of a page that failed. */
export function RouteError({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  return (
    <>
      <AppBar />
      <Page title="Something failed">
        <ErrorState
          error={error}
          retry={() => {
            reset();
            void router.invalidate();
          }}
        />
      </Page>
    </>
  );
}
