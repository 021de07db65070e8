import { Gallery } from "@/features/design/Gallery";
import { AppBar } from "@/features/frame/AppBar";
import { Page } from "@/ui/Page";

export function DesignRoute() {
  return (
    <>
      <AppBar />
      <Page title="Components" lead="What every page of Atelier is made of, in each of its states.">
        <Gallery />
      </Page>
    </>
  );
}
