/** The form of a model, apart from how it is drawn. */
export interface ProviderValues {
  name: string;
  baseUrl: string;
  model: string;
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
  model: string;
  inputUsdPerMillion?: string | null;
  outputUsdPerMillion?: string | null;
}

/** The form for a new model, or for one that is stored. A stored key isn't shown. */
export function valuesOf(stored?: Stored): ProviderValues {
  return {
    name: stored?.name ?? "",
    baseUrl: stored?.baseUrl ?? "",
    model: stored?.model ?? "",
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
    if (!/^\d*(\.\d{1,9})?$/.test(values[field].trim())) {
      errors[field] = "Give a number such as 2.50.";
    }
  }
  return errors;
}

/** The request that makes a new model. */
export function creationOf(values: ProviderValues) {
  const key = values.key.trim();
  const input = values.inputPrice.trim();
  const output = values.outputPrice.trim();
  return {
    name: values.name.trim(),
    baseUrl: values.baseUrl.trim(),
    model: values.model.trim(),
    ...(key ? { key } : {}),
    ...(input ? { inputUsdPerMillion: input } : {}),
    ...(output ? { outputUsdPerMillion: output } : {}),
  };
}

/** The request that changes a stored model: an empty key removes the stored one. */
export function changeOf(values: ProviderValues) {
  const key = values.key.trim();
  return {
    name: values.name.trim(),
    baseUrl: values.baseUrl.trim(),
    model: values.model.trim(),
    inputUsdPerMillion: values.inputPrice.trim(),
    outputUsdPerMillion: values.outputPrice.trim(),
    ...(values.removeKey ? { key: "" } : key ? { key } : {}),
  };
}
