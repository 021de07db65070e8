/** A message in the body of a request to a model. */
export interface RequestMessage {
  readonly role: string;
  readonly text: string;
}

/** The messages in a chat request's body; nothing when it isn't one. */
export function messagesIn(body: string): RequestMessage[] | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    const messages = (parsed as { messages?: unknown }).messages;
    return Array.isArray(messages) ? messages.map(messageOf) : undefined;
  } catch {
    return undefined;
  }
}

function messageOf(message: unknown): RequestMessage {
  const { role, content } = (message ?? {}) as { role?: unknown; content?: unknown };
  const text = typeof content === "string" ? content : JSON.stringify(content ?? message, null, 2);
  return { role: typeof role === "string" ? role : "unknown", text };
}
