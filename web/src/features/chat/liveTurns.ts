/**
 * The turns that this page follows, of one workspace. They go on when the chat
 * is out of sight: a person may look at a review while the answer comes in.
 */
import { createStore, type StoreApi } from "zustand/vanilla";
import {
  followTurn,
  type LinkState,
  type Listener,
  type LiveTurnEvent,
  startTurn,
} from "@/api/events";
import type { Chat } from "@/api/schema";
import type { SelectedLines } from "@/lib/selection";
import { NEW_TURN, type TurnLog, withEvent } from "./turnLog";

/** A turn as far as its events have come in. */
export interface LiveTurn {
  readonly log: TurnLog;
  readonly link: LinkState;
  /** What was asked, when this page asked it. */
  readonly question: string | undefined;
  /** Why it can't be followed any further. */
  readonly error: unknown;
}

/** A question whose turn has no name yet. */
export interface Asking {
  readonly question: string;
  readonly selections: readonly SelectedLines[];
  /** Why it was not taken; the question can be sent again. */
  readonly error: unknown;
}

interface State {
  /** By turn id. */
  readonly turns: Readonly<Record<string, LiveTurn>>;
  /** By conversation id; `new` for one that isn't begun. */
  readonly asking: Readonly<Record<string, Asking>>;
}

/** Where a question that begins a conversation stands until it has an id. */
export const NEW_CONVERSATION = "new";

const NEW_LIVE: LiveTurn = {
  log: NEW_TURN,
  link: "connecting",
  question: undefined,
  error: undefined,
};

export class LiveTurns {
  readonly store: StoreApi<State> = createStore<State>()(() => ({ turns: {}, asking: {} }));

  /** How turns are started and followed; tests give their own. */
  constructor(
    private readonly start: typeof startTurn = startTurn,
    private readonly follow: typeof followTurn = followTurn,
  ) {}

  /**
   * Asks. `onStarted` hears the conversation's id once the turn has begun,
   * `onOver` when it has ended. Resolves to false when it was refused.
   */
  async ask(
    chat: Chat,
    onStarted: (conversationId: string) => void,
    onOver: () => void,
  ): Promise<boolean> {
    const slot = chat.conversationId ?? NEW_CONVERSATION;
    const asked = { question: chat.message, selections: chat.selections ?? [] };
    this.setAsking(slot, { ...asked, error: undefined });
    let turnId: string | undefined;
    const listener = this.listener(
      () => turnId,
      (event) => {
        if (event.type !== "started") return;
        turnId = event.turnId;
        this.change(turnId, (turn) => ({ ...turn, question: chat.message }));
        this.setAsking(slot, undefined);
        onStarted(event.conversationId);
      },
    );
    try {
      await this.start(chat, listener).done;
      onOver();
      return true;
    } catch (error) {
      if (turnId === undefined) this.setAsking(slot, { ...asked, error });
      else this.change(turnId, (turn) => ({ ...turn, error }));
      return turnId !== undefined;
    }
  }

  /** Follows a turn from its first event, unless that is done already. */
  attach(turnId: string, onOver: () => void): void {
    if (this.store.getState().turns[turnId]) return;
    this.change(turnId, (turn) => turn);
    const following = this.follow(
      turnId,
      0,
      this.listener(() => turnId),
    );
    following.done.then(onOver, (error: unknown) =>
      this.change(turnId, (turn) => ({ ...turn, error })),
    );
  }

  /** Forgets a question that was refused. */
  forgetAsking(slot: string): void {
    this.setAsking(slot, undefined);
  }

  private listener(
    turnId: () => string | undefined,
    before: (event: LiveTurnEvent) => void = () => undefined,
  ): Listener<LiveTurnEvent> {
    return {
      onEvent: (event) => {
        before(event);
        const id = turnId();
        if (id === undefined) return;
        this.change(id, (turn) => ({ ...turn, log: withEvent(turn.log, event) }));
      },
      onLink: (link) => {
        const id = turnId();
        if (id !== undefined) this.change(id, (turn) => ({ ...turn, link }));
      },
    };
  }

  private change(turnId: string, change: (turn: LiveTurn) => LiveTurn): void {
    this.store.setState(({ turns }) => ({
      turns: { ...turns, [turnId]: change(turns[turnId] ?? NEW_LIVE) },
    }));
  }

  private setAsking(slot: string, asking: Asking | undefined): void {
    this.store.setState(({ asking: { [slot]: _last, ...rest } }) => ({
      asking: asking ? { ...rest, [slot]: asking } : rest,
    }));
  }
}

const opened = new Map<string, LiveTurns>();

/** The turns followed in a workspace; always the same ones, as long as the page lives. */
export function liveTurnsOf(workspaceId: string): LiveTurns {
  const known = opened.get(workspaceId);
  if (known) return known;
  const turns = new LiveTurns();
  opened.set(workspaceId, turns);
  return turns;
}
