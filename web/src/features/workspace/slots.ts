import type { ReactNode } from "react";
import type { Panel } from "@/lib/workspaceSearch";

/** What stands in each part of the workspace page. The route fills them. */
export type Slots = Record<Panel, ReactNode>;
