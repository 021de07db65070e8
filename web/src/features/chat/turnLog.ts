/**
 * A turn as people see it, folded from its events one at a time. The same
 * function serves the live stream and the replay after a reload, so both end
 * in the same picture.
 */
import type { LiveTurnEvent } from "@/api/events";
import type { ContextFile, TokenUsage, TurnState } from "@/api/schema";
import type { SelectedLines } from "@/lib/selection";

/** How large a proposal is. */
export interface ProposalCounts {
  readonly files: number;
  readonly added: number;
  readonly removed: number;
}

/** The model that a request goes to. */
export interface AskedModel {
  readonly model: string;
  readonly provider: string;
  /** It runs on hardware of the person's own. */
  readonly isLocal: boolean;
  readonly reason: string;
}

/** One thing in a turn, in the order it came. */
export type TurnBlock =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "reasoning"; readonly text: string }
  | {
      readonly kind: "context";
      readonly modelCallId: string;
      /** Nothing when only the request's id was kept. */
      readonly bytes: number | undefined;
      readonly files: readonly ContextFile[];
      /** Which model is asked and why; nothing when only the request's id was kept. */
      readonly asked?: AskedModel | undefined;
    }
  | {
      readonly kind: "switched";
      readonly modelCallId: string;
      readonly from: string;
      readonly to: string;
      /** It runs on hardware of the person's own. */
      readonly isLocal: boolean;
      readonly reason: string;
    }
  | {
      readonly kind: "proposal";
      readonly proposalId: string;
      /** Nothing when only the proposal's id was kept. */
      readonly counts: ProposalCounts | undefined;
    }
  | {
      readonly kind: "editFailed";
      readonly code: string;
      readonly detail: string;
      readonly path: string | undefined;
    };

/** A change as it was written, before it had a place: for the eye. */
export interface EditPreview {
  readonly path: string | undefined;
  readonly removed: readonly string[];
  readonly added: readonly string[];
  /** Lines are left out. */
  readonly isCut: boolean;
}

/** Why a turn did not end well, or why its answer is not whole. */
export interface TurnFailure {
  readonly code: string | undefined;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
}

/** All that is known of a turn from its events. */
export interface TurnLog {
  /** The number of the last event. */
  readonly seq: number;
  readonly turnId: string | undefined;
  readonly conversationId: string | undefined;
  readonly model: string | undefined;
  readonly state: TurnState;
  readonly blocks: readonly TurnBlock[];
  /** The changes written so far; none once they are a proposal. */
  readonly previews: readonly EditPreview[];
  readonly usage: TokenUsage | undefined;
  readonly failure: TurnFailure | undefined;
  /** The names of the secrets that a person attached. */
  readonly attached: readonly string[];
  /** The lines that a person selected. */
  readonly selections: readonly SelectedLines[];
  /** The names of the secrets that were kept out. */
  readonly withheld: readonly string[];
}

/** A turn of which nothing has been heard. */
export const NEW_TURN: TurnLog = {
  seq: 0,
  turnId: undefined,
  conversationId: undefined,
  model: undefined,
  state: "running",
  blocks: [],
  previews: [],
  usage: undefined,
  failure: undefined,
  attached: [],
  selections: [],
  withheld: [],
};

/** Adds an event. One that was seen already changes nothing. */
export function withEvent(log: TurnLog, event: LiveTurnEvent): TurnLog {
  if (event.seq <= log.seq) return log;
  const next = { ...log, seq: event.seq };
  switch (event.type) {
    case "started": {
      const { turnId, conversationId, model, attached = [], selections = [] } = event;
      return { ...next, turnId, conversationId, model, attached, selections };
    }
    case "withheld":
      return { ...next, withheld: event.names };
    case "text":
    case "reasoning":
      return { ...next, blocks: withText(log.blocks, event.type, event.text) };
    case "switched": {
      // The answer begins anew: what the other model said is void.
      const kept = log.blocks.filter(({ kind }) => kind !== "text" && kind !== "reasoning");
      return { ...next, model: event.to, previews: [], blocks: [...kept, blockOf(event)] };
    }
    case "usage":
      return { ...next, usage: sumOfUsage(log.usage, event.usage) };
    case "finished": {
      const { state, code, detail, hint } = event;
      const failure = state === "failed" || detail ? textsOf(code, detail, hint) : undefined;
      return { ...next, state, failure };
    }
    case "editPreview": {
      const { removed, added, cut } = event;
      const preview = { path: event.path ?? undefined, removed, added, isCut: cut };
      return { ...next, previews: [...log.previews, preview] };
    }
    case "proposal":
      return { ...next, previews: [], blocks: [...log.blocks, blockOf(event)] };
    case "context":
    case "editFailed":
      return { ...next, blocks: [...log.blocks, blockOf(event)] };
    default:
      // An event type of a newer server.
      return next;
  }
}

function textsOf(
  code: string | null | undefined,
  detail: string | null | undefined,
  hint: string | null | undefined,
): TurnFailure {
  return { code: code ?? undefined, detail: detail ?? undefined, hint: hint ?? undefined };
}

type BlockEvent = Extract<
  LiveTurnEvent,
  { type: "context" | "switched" | "proposal" | "editFailed" }
>;

function blockOf(event: BlockEvent): TurnBlock {
  switch (event.type) {
    case "context": {
      const { modelCallId, bytes, files, model, provider, local, reason } = event;
      const asked = model
        ? { model, provider: provider ?? "", isLocal: local ?? false, reason: reason ?? "" }
        : undefined;
      return { kind: "context", modelCallId, bytes, files, asked };
    }
    case "switched": {
      const { modelCallId, from, to, local, reason } = event;
      return { kind: "switched", modelCallId, from, to, isLocal: local, reason };
    }
    case "proposal": {
      const { proposalId, files, added, removed } = event;
      return { kind: "proposal", proposalId, counts: { files, added, removed } };
    }
    case "editFailed":
      return {
        kind: "editFailed",
        code: event.code,
        detail: event.detail,
        path: event.path ?? undefined,
      };
  }
}

function withText(
  blocks: readonly TurnBlock[],
  kind: "text" | "reasoning",
  text: string,
): readonly TurnBlock[] {
  const last = blocks.at(-1);
  if (last?.kind !== kind) return [...blocks, { kind, text }];
  return [...blocks.slice(0, -1), { kind, text: last.text + text }];
}

function sumOfUsage(a: TokenUsage | undefined, b: TokenUsage): TokenUsage {
  if (!a) return b;
  const cost = a.costUsd != null && b.costUsd != null ? addDecimals(a.costUsd, b.costUsd) : null;
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    cachedInputTokens: a.cachedInputTokens + b.cachedInputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    costUsd: cost,
    measured: a.measured && b.measured,
  };
}

/** Adds decimals written as text, exactly: money is never a float. */
export function addDecimals(a: string, b: string): string {
  const places = Math.max(fractionOf(a).length, fractionOf(b).length);
  const scaled = (text: string) =>
    BigInt(text.replace(/\..*$/u, "") + fractionOf(text).padEnd(places, "0"));
  const sum = (scaled(a) + scaled(b)).toString().padStart(places + 1, "0");
  return places === 0 ? sum : `${sum.slice(0, -places)}.${sum.slice(-places)}`;
}

function fractionOf(text: string): string {
  const point = text.indexOf(".");
  return point < 0 ? "" : text.slice(point + 1);
}

/** The word for where a turn stands. */
export type TurnPhase =
  | "thinking"
  | "answering"
  | "waitingForYou"
  | "done"
  | "stopped"
  | "interrupted"
  | "failed";

/** Where a turn stands; `isUndecided` says whether a proposal of it waits for a decision. */
export function phaseOf(log: TurnLog, isUndecided: boolean): TurnPhase {
  switch (log.state) {
    case "running":
      return log.blocks.at(-1)?.kind === "text" ? "answering" : "thinking";
    case "done":
      return isUndecided ? "waitingForYou" : "done";
    case "failed":
      return "failed";
    case "cancelled":
      return "stopped";
    case "interrupted":
      return "interrupted";
  }
}
