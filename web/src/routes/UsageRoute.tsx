import { getRouteApi, Link } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { type UsageFilter, usageCsvAddress } from "@/api/queries/usage";
import type { GroupBy } from "@/api/schema";
import { AppBar } from "@/features/frame/AppBar";
import { UsageFilters } from "@/features/usage/UsageFilters";
import { UsageReport } from "@/features/usage/UsageReport";
import { rangeOf } from "@/lib/usagePeriod";
import { buttonClass } from "@/ui/Button";
import { Page } from "@/ui/Page";
import { PILL } from "@/ui/pill";

const VIEWS: { by: GroupBy; label: string }[] = [
  { by: "day", label: "By day" },
  { by: "model", label: "By model" },
  { by: "task", label: "By task" },
  { by: "workspace", label: "By workspace" },
  { by: "user", label: "By person" },
  { by: "turn", label: "By turn" },
];

const route = getRouteApi("/usage");

export function UsageRoute() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { by, period = "month", workspace } = search;
  const filter: UsageFilter = {
    groupBy: by ?? "day",
    ...rangeOf(period),
    ...(workspace ? { workspaceId: workspace } : {}),
  };
  return (
    <>
      <AppBar />
      <Page
        title="Usage"
        lead="What the models and runs used, and what it cost."
        actions={
          <a href={usageCsvAddress(filter)} download className={buttonClass("secondary")}>
            <Download aria-hidden />
            Download CSV
          </a>
        }
      >
        <nav aria-label="How it is summed up" className="flex flex-wrap gap-1">
          {VIEWS.map((view) => (
            <Link
              key={view.by}
              to="/usage"
              search={{ ...search, by: view.by === "day" ? undefined : view.by }}
              activeOptions={{ exact: true, includeSearch: true }}
              className={PILL}
            >
              {view.label}
            </Link>
          ))}
        </nav>
        <UsageFilters
          period={period}
          workspaceId={workspace}
          onPeriod={(chosen) =>
            void navigate({
              search: { ...search, period: chosen === "month" ? undefined : chosen },
              replace: true,
            })
          }
          onWorkspace={(id) =>
            void navigate({ search: { ...search, workspace: id }, replace: true })
          }
        />
        <UsageReport filter={filter} />
      </Page>
    </>
  );
}
