import { Link } from "@tanstack/react-router";
import { Compass } from "lucide-react";
import { AppBar } from "@/features/frame/AppBar";
import { buttonClass } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { Page } from "@/ui/Page";

export function NotFoundRoute() {
  return (
    <>
      <AppBar />
      <Page title="Nothing here">
        <EmptyState
          icon={<Compass />}
          title="There is no page at this address"
          action={
            <Link to="/" className={buttonClass("primary")}>
              Go to your workspaces
            </Link>
          }
        >
          The link may be old, or a part of it is missing.
        </EmptyState>
      </Page>
    </>
  );
}
