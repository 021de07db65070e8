import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type RouterHistory,
} from "@tanstack/react-router";
import { type ModelsView, modelsView } from "@/lib/modelsView";
import { parseUsageSearch } from "@/lib/usageSearch";
import { parseWorkspaceSearch } from "@/lib/workspaceSearch";
import { DashboardRoute } from "./routes/DashboardRoute";
import { NotFoundRoute } from "./routes/NotFoundRoute";
import { RootRoute } from "./routes/RootRoute";
import { RouteError } from "./routes/RouteError";
import { SignInRoute } from "./routes/SignInRoute";

/**
 * Every page and what its address may say. What is refused must be named as
 * `undefined`: the router lets through what `validateSearch` leaves out.
 */

const rootRoute = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  component: RootRoute,
  notFoundComponent: NotFoundRoute,
});

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/sign-in",
  component: SignInRoute,
  validateSearch: (raw: Record<string, unknown>): { back?: string | undefined } => ({
    // Only a path of this site: anything else could lead a person elsewhere.
    back: typeof raw.back === "string" && /^\/(?![/\\])/.test(raw.back) ? raw.back : undefined,
  }),
});

const dashboardRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/",
  component: DashboardRoute,
  validateSearch: (raw: Record<string, unknown>): { archived?: true | undefined } => ({
    archived: raw.archived === true ? true : undefined,
  }),
});

const workspaceRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/w/$workspaceId",
  component: lazyRouteComponent(() => import("./routes/WorkspaceRoute"), "WorkspaceRoute"),
  validateSearch: parseWorkspaceSearch,
});

const modelsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/settings/models",
  component: lazyRouteComponent(() => import("./routes/ModelsRoute"), "ModelsRoute"),
  validateSearch: (raw: Record<string, unknown>): { view?: ModelsView | undefined } => ({
    view: modelsView(raw.view),
  }),
});

const systemRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/settings/system",
  component: lazyRouteComponent(() => import("./routes/SystemRoute"), "SystemRoute"),
});

const usageRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/usage",
  component: lazyRouteComponent(() => import("./routes/UsageRoute"), "UsageRoute"),
  validateSearch: parseUsageSearch,
});

const designRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/design",
  component: lazyRouteComponent(() => import("./routes/DesignRoute"), "DesignRoute"),
});

const routeTree = rootRoute.addChildren([
  signInRoute,
  dashboardRoute,
  workspaceRoute,
  modelsRoute,
  systemRoute,
  usageRoute,
  designRoute,
]);

/** Makes the router; tests give it a history of their own. */
export function createAppRouter(queryClient: QueryClient, history?: RouterHistory) {
  return createRouter({
    routeTree,
    context: { queryClient },
    defaultPreload: "intent",
    defaultErrorComponent: RouteError,
    ...(history ? { history } : {}),
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
