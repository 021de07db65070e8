import type { ReactNode } from "react";
import type { Panel } from "@/lib/workspaceSearch";

/** What stands in each part of the workspace page. The route fills them. */
export interface Slots extends Record<Panel, ReactNode> {
  /** News above runs and terminals. */
  notices: ReactNode;
  /** The line at the foot of the page. */
  status: ReactNode;
}
