/**
 * A conversation as people read it: each question with its answer. Turns that
 * this page follows come from their events, earlier ones from what was stored.
 */
import type { ConversationDetail, Message, Turn, TurnCall } from "@/api/schema";
import type { SelectedLines } from "@/lib/selection";
import type { Asking, LiveTurn } from "./liveTurns";
import { NEW_TURN, type TurnBlock, type TurnLog } from "./turnLog";

/** A question and what came of it. */
export interface Exchange {
  /** The turn's id, or a name for one that has none yet. */
  readonly key: string;
  readonly question: string;
  /** What was selected for a question whose turn has not begun. */
  readonly selections: readonly SelectedLines[];
  /** What is known of the turn; nothing until it has begun. */
  readonly log: TurnLog | undefined;
  /** Why the question was not taken, or the turn can't be followed. */
  readonly error: unknown;
  readonly isReconnecting: boolean;
}

/** Puts a conversation together. */
export function exchangesOf(
  detail: ConversationDetail | undefined,
  live: Readonly<Record<string, LiveTurn>>,
  asking: Asking | undefined,
  conversationId: string | undefined,
): Exchange[] {
  const turns = detail?.turns ?? [];
  const stored = turns.map((turn) => {
    const messages = detail?.messages.filter(({ turnId }) => turnId === turn.id) ?? [];
    return exchangeOf(turn, messages, live[turn.id]);
  });
  // A turn that has just begun is heard of before the conversation is read anew.
  const begun = Object.values(live)
    .filter(({ log }) => log.conversationId !== undefined && log.conversationId === conversationId)
    .filter(({ log }) => !turns.some(({ id }) => id === log.turnId))
    .map(({ log, link, question, error }) => ({
      key: log.turnId ?? "",
      question: question ?? "",
      selections: [],
      log,
      error,
      isReconnecting: link === "waiting",
    }));
  const waiting: Exchange[] = asking
    ? [
        {
          key: "asking",
          question: asking.question,
          selections: asking.selections,
          log: undefined,
          error: asking.error,
          isReconnecting: false,
        },
      ]
    : [];
  return [...stored, ...begun, ...waiting];
}

function exchangeOf(
  turn: Turn,
  messages: readonly Message[],
  live: LiveTurn | undefined,
): Exchange {
  const question = messages.find(({ role }) => role === "user")?.content ?? live?.question ?? "";
  const isFollowed = live !== undefined && (live.log.seq > 0 || turn.state === "running");
  return {
    key: turn.id,
    question,
    selections: [],
    log: isFollowed ? live.log : storedLog(turn, messages),
    error: isFollowed ? live.error : undefined,
    isReconnecting: isFollowed && live.link === "waiting" && live.log.state === "running",
  };
}

/** What was stored of a turn, in the form that its events would have given it. */
export function storedLog(turn: Turn, messages: readonly Message[]): TurnLog {
  const answers = messages.filter(({ role }) => role === "assistant");
  const blocks: TurnBlock[] = [
    ...turn.calls.map((call) => callBlock(call, turn.calls)),
    ...answers.map(({ content }): TurnBlock => ({ kind: "text", text: content })),
    ...turn.proposalIds.map(
      (proposalId): TurnBlock => ({ kind: "proposal", proposalId, counts: undefined }),
    ),
  ];
  const hasUsage = turn.usage.inputTokens + turn.usage.outputTokens > 0;
  return {
    ...NEW_TURN,
    turnId: turn.id,
    conversationId: turn.conversationId,
    // Who answered in the end, which may not be who was asked first.
    model: turn.calls.at(-1)?.model ?? turn.model,
    state: turn.state,
    blocks,
    usage: hasUsage ? turn.usage : undefined,
    failure:
      turn.state === "failed" || turn.error
        ? { code: undefined, detail: turn.error ?? undefined, hint: undefined }
        : undefined,
    attached: turn.attached,
    selections: turn.selections,
    withheld: turn.withheld,
  };
}

/** Who was asked and why, or who took over from whom. */
function callBlock(call: TurnCall, all: readonly TurnCall[]): TurnBlock {
  const { id, model, provider, local: isLocal, reason } = call;
  const failed = all.find((other) => other.id === call.replacesId);
  if (failed) {
    const why = failed.error ?? "";
    return {
      kind: "switched",
      modelCallId: id,
      from: failed.model,
      to: model,
      isLocal,
      reason: why,
    };
  }
  const asked = { model, provider, isLocal, reason };
  return { kind: "context", modelCallId: id, bytes: undefined, files: [], asked };
}
