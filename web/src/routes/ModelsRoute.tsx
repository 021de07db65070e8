import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { BudgetList } from "@/features/budgets/BudgetList";
import { CallList } from "@/features/calls/CallList";
import { ModelCallDialog } from "@/features/chat/ModelCallDialog";
import { AppBar } from "@/features/frame/AppBar";
import { LocalModelPanel } from "@/features/models/LocalModelPanel";
import { ProviderList } from "@/features/models/ProviderList";
import { TaskDefaults } from "@/features/models/TaskDefaults";
import { SecretList } from "@/features/settings/SecretList";
import { TokenList } from "@/features/tokens/TokenList";
import { MODELS_VIEWS, type ModelsView } from "@/lib/modelsView";
import { Page } from "@/ui/Page";
import { PILL } from "@/ui/pill";

const route = getRouteApi("/settings/models");

const LEADS: Record<ModelsView, string> = {
  providers: "Who has the models that answer, and what they cost.",
  local: "A model on this server's own machine, without a key.",
  tasks: "Which model answers what. A change holds from the next request on.",
  budgets: "What models may use and cost.",
  tokens: "For other programs that use your models through Atelier.",
  secrets: "What no model may see, unless you attach it to a request.",
  requests: "The last 20 requests to models, with what they took.",
};

export function ModelsRoute() {
  const view = route.useSearch().view ?? "providers";
  return (
    <>
      <AppBar />
      <Page title="Models" lead={LEADS[view]}>
        <nav aria-label="Parts of this page" className="flex flex-wrap gap-1">
          {MODELS_VIEWS.map(({ id, label }) => (
            <Link
              key={id}
              to="/settings/models"
              search={id === "providers" ? {} : { view: id }}
              activeOptions={{ exact: true, includeSearch: true }}
              className={PILL}
            >
              {label}
            </Link>
          ))}
        </nav>
        <View key={view} view={view} />
      </Page>
    </>
  );
}

function View({ view }: { view: ModelsView }): ReactNode {
  switch (view) {
    case "providers":
      return <ProviderList />;
    case "local":
      return <LocalModelPanel />;
    case "tasks":
      return <TaskDefaults />;
    case "budgets":
      return <BudgetList />;
    case "tokens":
      return <TokenList />;
    case "secrets":
      return <SecretList />;
    case "requests":
      return (
        <CallList
          showCall={(id, close) => <ModelCallDialog id={id} files={[]} onClose={close} />}
        />
      );
  }
}
