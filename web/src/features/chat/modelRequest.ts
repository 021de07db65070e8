/** A message in the body of a request to a model. */
export interface RequestMessage {
  readonly role: string;
  readonly text: string;
}

/** Where each format has its messages, and what stands above them. */
const PLACES = ["messages", "input", "contents"] as const;
const ABOVE = ["system", "instructions", "systemInstruction", "system_instruction"] as const;

/** The messages in a request's body, whatever its format; nothing when there are none. */
export function messagesIn(body: string): RequestMessage[] | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    if (!isRecord(parsed)) return undefined;
    const place = PLACES.find((name) => Array.isArray(parsed[name]));
    if (!place) return undefined;
    const above = ABOVE.filter((name) => parsed[name] !== undefined).map((name) => ({
      role: "system",
      text: textOf(parsed[name]),
    }));
    return [...above, ...(parsed[place] as unknown[]).map(messageOf)];
  } catch {
    return undefined;
  }
}

function messageOf(message: unknown): RequestMessage {
  if (!isRecord(message)) return { role: "unknown", text: textOf(message) };
  const { role, type, content, parts } = message;
  const name = [role, type].find((word) => typeof word === "string");
  return { role: String(name ?? "unknown"), text: textOf(content ?? parts ?? message) };
}

/** Text as it is, parts that are text one below the other, all else as JSON. */
function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  const parts = isRecord(content) && Array.isArray(content.parts) ? content.parts : content;
  if (Array.isArray(parts) && parts.every(isText)) {
    return parts.map(({ text }) => text).join("\n");
  }
  return JSON.stringify(content, null, 2) ?? "";
}

function isText(part: unknown): part is { text: string } {
  return isRecord(part) && typeof part.text === "string";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
