import { queryOptions } from "@tanstack/react-query";
import { call } from "../client";
import type { RouteModel, SetModel, SetModelDefaults } from "../schema";
import { keys } from "./keys";

/** Every model that can be asked, with what it can do and costs. */
export const modelsQuery = queryOptions({
  queryKey: keys.models,
  queryFn: ({ signal }) => call("get", "/api/models", { signal }),
});

/** Says what a model costs and can do, over what others say of it. */
export function setModel(id: string, model: string, facts: SetModel) {
  return call("put", "/api/providers/{id}/models/{model}", { path: { id, model }, body: facts });
}

/** Which models tasks go to. */
export const modelDefaultsQuery = queryOptions({
  queryKey: keys.modelDefaults,
  queryFn: ({ signal }) => call("get", "/api/models/defaults", { signal }),
});

export function setModelDefaults(defaults: SetModelDefaults) {
  return call("put", "/api/models/defaults", { body: defaults });
}

/** Which model would be asked, and why. None is. */
export function modelRouteQuery(route: RouteModel) {
  return queryOptions({
    queryKey: [...keys.modelRoute, route],
    queryFn: ({ signal }) => call("post", "/api/models/route", { body: route, signal }),
  });
}
