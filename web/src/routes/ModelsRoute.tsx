import { AppBar } from "@/features/frame/AppBar";
import { ProviderList } from "@/features/models/ProviderList";
import { Page } from "@/ui/Page";

export function ModelsRoute() {
  return (
    <>
      <AppBar />
      <Page
        title="Models"
        lead="What the assistant may use. The first one answers unless you choose another."
      >
        <ProviderList />
      </Page>
    </>
  );
}
