import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { lazy, Suspense, useMemo, useState } from "react";
import { useRegisterCommands } from "@/commands/useCommands";
import { AppBar } from "@/features/frame/AppBar";
import { WorkspaceList } from "@/features/workspaces/WorkspaceList";
import { Button } from "@/ui/Button";
import { Page } from "@/ui/Page";
import { PILL } from "@/ui/pill";

const NewWorkspaceDialog = lazy(() =>
  import("@/features/workspaces/NewWorkspaceDialog").then((module) => ({
    default: module.NewWorkspaceDialog,
  })),
);

const route = getRouteApi("/");

export function DashboardRoute() {
  const { archived = false } = route.useSearch();
  const navigate = useNavigate();
  const [making, setMaking] = useState(false);
  useRegisterCommands(
    useMemo(
      () => [
        {
          id: "workspace.new",
          label: "New workspace",
          group: "Workspaces",
          run: () => setMaking(true),
        },
      ],
      [],
    ),
  );
  const button = (
    <Button variant="primary" icon={<Plus />} onClick={() => setMaking(true)}>
      New workspace
    </Button>
  );
  return (
    <>
      <AppBar />
      <Page title={archived ? "Archived workspaces" : "Workspaces"} actions={button}>
        <nav aria-label="Which workspaces" className="flex gap-1">
          <View archived={false} label="In use" />
          <View archived label="Archived" />
        </nav>
        <WorkspaceList archived={archived} newWorkspace={button} />
      </Page>
      {making ? (
        <Suspense>
          <NewWorkspaceDialog
            onClose={() => setMaking(false)}
            onCreated={({ id }) =>
              void navigate({ to: "/w/$workspaceId", params: { workspaceId: id } })
            }
          />
        </Suspense>
      ) : null}
    </>
  );
}

function View({ archived, label }: { archived: boolean; label: string }) {
  return (
    <Link
      to="/"
      search={archived ? { archived } : {}}
      activeOptions={{ exact: true, includeSearch: true }}
      className={PILL}
    >
      {label}
    </Link>
  );
}
