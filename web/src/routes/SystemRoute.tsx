import { AppBar } from "@/features/frame/AppBar";
import { SystemStatus } from "@/features/system/SystemStatus";
import { Page } from "@/ui/Page";

export function SystemRoute() {
  return (
    <>
      <AppBar />
      <Page title="System" lead="What this server and its machine can do.">
        <SystemStatus />
      </Page>
    </>
  );
}
