import type { WireId } from "./presets";

/** The form of a provider, apart from how it is drawn. */
export interface ProviderValues {
  name: string;
  baseUrl: string;
  wire: WireId | string;
  model: string;
  isLocal: boolean;
  key: string;
  removeKey: boolean;
  inputPrice: string;
  outputPrice: string;
}

/** What is wrong with each field. */
export type ProviderErrors = Partial<Record<keyof ProviderValues, string>>;

interface Stored {
  name: string;
  baseUrl: string;
  wire: string;
  model: string;
  local: boolean;
  inputUsdPerMillion?: string | null;
  outputUsdPerMillion?: string | null;
}

/** The form for a new provider, or for one that is stored. A stored key isn't shown. */
export function valuesOf(stored?: Stored): ProviderValues {
  return {
    name: stored?.name ?? "",
    baseUrl: stored?.baseUrl ?? "",
    wire: stored?.wire ?? "openai_chat",
    model: stored?.model ?? "",
    isLocal: stored?.local ?? false,
    key: "",
    removeKey: false,
    inputPrice: stored?.inputUsdPerMillion ?? "",
    outputPrice: stored?.outputUsdPerMillion ?? "",
  };
}

/** Says what a person must change before the form can be sent. */
export function errorsOf(values: ProviderValues): ProviderErrors {
  const errors: ProviderErrors = {};
  if (values.name.trim() === "") errors.name = "Give it a name.";
  if (values.model.trim() === "") errors.model = "Give the model's name at the provider.";
  if (!/^https?:\/\/[^\s/]+/.test(values.baseUrl.trim())) {
    errors.baseUrl = "Give an address that starts with https:// or http://.";
  }
  for (const field of ["inputPrice", "outputPrice"] as const) {
    const problem = priceProblem(values[field]);
    if (problem) errors[field] = problem;
  }
  return errors;
}

/** What is wrong with a price; nothing where none is given. */
export function priceProblem(text: string): string | undefined {
  return /^(\d+(\.\d{1,9})?|\.\d{1,9})?$/.test(text.trim())
    ? undefined
    : "Give a number such as 2.50.";
}

/** The request that makes a new provider. */
export function creationOf(values: ProviderValues) {
  const key = values.key.trim();
  const input = values.inputPrice.trim();
  const output = values.outputPrice.trim();
  return {
    name: values.name.trim(),
    baseUrl: values.baseUrl.trim(),
    wire: values.wire,
    model: values.model.trim(),
    // Unsaid, a test of the provider finds it out.
    ...(values.isLocal ? { local: true } : {}),
    ...(key ? { key } : {}),
    ...(input ? { inputUsdPerMillion: input } : {}),
    ...(output ? { outputUsdPerMillion: output } : {}),
  };
}

/** The request that changes a stored provider: an empty key removes the stored one. */
export function changeOf(values: ProviderValues) {
  const key = values.key.trim();
  return {
    name: values.name.trim(),
    baseUrl: values.baseUrl.trim(),
    wire: values.wire,
    model: values.model.trim(),
    local: values.isLocal,
    inputUsdPerMillion: values.inputPrice.trim(),
    outputUsdPerMillion: values.outputPrice.trim(),
    ...(values.removeKey ? { key: "" } : key ? { key } : {}),
  };
}
