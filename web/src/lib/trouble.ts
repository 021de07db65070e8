import { sentence } from "./format";
import { withLocalTimes } from "./localTime";

/** What a person is told about something that failed. */
export interface Trouble {
  title: string;
  detail?: string | undefined;
  /** What to do next. */
  hint?: string | undefined;
  /** Names the request in the server's log. */
  requestId?: string | undefined;
}

/**
 * Reads an error for people. Errors of the API carry a problem document under
 * `problem`; anything else is a defect of the page itself and says so.
 */
export function troubleOf(error: unknown): Trouble {
  if (isRecord(error) && isRecord(error.problem)) {
    const { title, detail, hint, requestId } = error.problem;
    return {
      title: textOf(title) ?? "Something failed.",
      detail: sentenceOf(detail),
      hint: sentenceOf(hint),
      requestId: textOf(requestId),
    };
  }
  return {
    title: "This page ran into a problem of its own.",
    detail: error instanceof Error ? error.message : String(error),
    hint: "Reload the page. What you saved is safe on the server.",
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function sentenceOf(value: unknown): string | undefined {
  const text = textOf(value);
  return text === undefined ? undefined : sentence(withLocalTimes(text));
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
