import { createStore } from "zustand/vanilla";
import { readStored, writeStored } from "@/lib/storage";

/** What a person chose for terminals in this browser. */
export interface TerminalOptions {
  /** Puts every line where screen readers find it; slower with much output. */
  readAloud: boolean;
}

const KEY = "atelier.terminal";

export const terminalOptions = createStore<TerminalOptions>()(() => parse(readStored(KEY)));

terminalOptions.subscribe((options) => writeStored(KEY, options));

function parse(raw: unknown): TerminalOptions {
  const kept = typeof raw === "object" && raw !== null ? (raw as Partial<TerminalOptions>) : {};
  return { readAloud: kept.readAloud === true };
}
