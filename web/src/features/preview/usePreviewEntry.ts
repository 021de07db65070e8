import { useMutation } from "@tanstack/react-query";
import { useEffect } from "react";
import { openPort } from "@/api/queries/cells";

/** Asks for the address of what a server shows; it lets this browser in, once. */
export function usePreviewEntry(workspaceId: string, port: number) {
  const entry = useMutation({ mutationFn: () => openPort(workspaceId, port) });
  const { mutate } = entry;
  useEffect(() => mutate(), [mutate]);
  return entry;
}
