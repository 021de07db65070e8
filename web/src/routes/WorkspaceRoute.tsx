import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense } from "react";
import { workspaceQuery } from "@/api/queries/workspaces";
import { useLiveWorkspace } from "@/api/useLiveWorkspace";
import { useWorkspaceSearch } from "@/commands/useWorkspaceNavigation";
import { CellStatus } from "@/features/cell/CellStatus";
import { DenialNotice } from "@/features/cell/DenialNotice";
import { StatusBar } from "@/features/cell/StatusBar";
import { usePortNews } from "@/features/cell/usePortNews";
import { AppBar } from "@/features/frame/AppBar";
import { useRunFile } from "@/features/run/useRunFile";
import { RunButton } from "@/features/workspace/RunButton";
import { SettingsButton } from "@/features/workspace/SettingsButton";
import { useKeepPlace } from "@/features/workspace/useKeepPlace";
import { WorkspaceShell } from "@/features/workspace/WorkspaceShell";
import { Boundary } from "@/ui/Boundary";
import { buttonClass } from "@/ui/Button";
import { ErrorState } from "@/ui/ErrorState";
import { Page } from "@/ui/Page";
import { Skeleton } from "@/ui/Skeleton";
import { PHONE, useMediaQuery } from "@/ui/useMediaQuery";

// Asked for at once, not when they are first drawn: they load side by side.
const tree = import("@/features/tree/FileTree");
const editor = import("@/features/editor/EditorPane");
const chat = import("@/features/chat/ChatPanel");

const FileTree = lazy(() => tree.then((module) => ({ default: module.FileTree })));
const EditorPane = lazy(() => editor.then((module) => ({ default: module.EditorPane })));
const ChatPanel = lazy(() => chat.then((module) => ({ default: module.ChatPanel })));
const RunPanel = lazy(() =>
  import("@/features/run/RunPanel").then((module) => ({ default: module.RunPanel })),
);
const ReviewPane = lazy(() =>
  import("@/features/review/ReviewPane").then((module) => ({ default: module.ReviewPane })),
);
const TerminalPanel = lazy(() =>
  import("@/features/terminal/TerminalPanel").then((module) => ({ default: module.TerminalPanel })),
);
const DraftsPanel = lazy(() =>
  import("@/features/drafts/DraftsPanel").then((module) => ({ default: module.DraftsPanel })),
);
const PreviewPane = lazy(() =>
  import("@/features/preview/PreviewPane").then((module) => ({ default: module.PreviewPane })),
);
const WorkspaceSettings = lazy(() =>
  import("@/features/settings/WorkspaceSettings").then((module) => ({
    default: module.WorkspaceSettings,
  })),
);
const VersionsPane = lazy(() =>
  import("@/features/versions/VersionsPane").then((module) => ({ default: module.VersionsPane })),
);

const route = getRouteApi("/w/$workspaceId");

export function WorkspaceRoute() {
  const { workspaceId } = route.useParams();
  // A new workspace is a new page: nothing of the last one may stay.
  return <OpenWorkspace key={workspaceId} workspaceId={workspaceId} />;
}

function OpenWorkspace({ workspaceId }: { workspaceId: string }) {
  const workspace = useQuery(workspaceQuery(workspaceId));
  useKeepPlace(workspaceId);
  // Here, so that the file can be run while the run panel is hidden.
  useRunFile(workspaceId);
  useLiveWorkspace(workspaceId);
  usePortNews(workspaceId);
  const { settings } = useWorkspaceSearch();
  // A desktop has the line at the foot of the page.
  const isPhone = useMediaQuery(PHONE);

  if (workspace.isError && !workspace.data) {
    return <Unavailable error={workspace.error} retry={() => void workspace.refetch()} />;
  }
  const name = workspace.data?.name;
  const slot = (content: ReactNode) => (
    <Boundary>
      <Suspense fallback={<Skeleton lines={3} className="p-4" />}>{content}</Suspense>
    </Boundary>
  );
  return (
    <>
      <title>{name ? `${name} · Atelier` : "Atelier"}</title>
      <AppBar
        title={<h1 className="truncate">{name ?? "…"}</h1>}
        actions={
          <>
            <SettingsButton />
            {isPhone ? <CellStatus workspaceId={workspaceId} isCompact /> : null}
            <RunButton />
          </>
        }
      />
      <WorkspaceShell
        slots={{
          files: slot(<FileTree workspaceId={workspaceId} />),
          editor: slot(<EditorPane workspaceId={workspaceId} />),
          chat: slot(<ChatPanel workspaceId={workspaceId} />),
          review: slot(<ReviewPane workspaceId={workspaceId} />),
          run: slot(<RunPanel workspaceId={workspaceId} />),
          versions: slot(<VersionsPane workspaceId={workspaceId} />),
          terminal: slot(<TerminalPanel workspaceId={workspaceId} />),
          drafts: slot(<DraftsPanel workspaceId={workspaceId} />),
          preview: slot(<PreviewPane workspaceId={workspaceId} />),
          notices: <DenialNotice workspaceId={workspaceId} />,
          status: <StatusBar workspaceId={workspaceId} />,
        }}
      />
      {settings ? (
        <Suspense>
          <WorkspaceSettings workspaceId={workspaceId} sheet={settings} />
        </Suspense>
      ) : null}
    </>
  );
}

function Unavailable({ error, retry }: { error: unknown; retry: () => void }) {
  return (
    <>
      <AppBar />
      <Page title="This workspace can't be opened">
        <ErrorState error={error} retry={retry} />
        <Link to="/" className={`${buttonClass("secondary")} self-start`}>
          Go to your workspaces
        </Link>
      </Page>
    </>
  );
}
