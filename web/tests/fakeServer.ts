import type { IncomingMessage, ServerResponse } from "node:http";
import type { Plugin } from "vite";
import { sampleApi } from "./sampleApi.ts";

/**
 * Puts the server in memory behind Vite's own, so that pages can be looked at
 * without Atelier. For development alone; nothing of it is built.
 */
export function fakeServer(): Plugin {
  const api = sampleApi();
  return {
    name: "fake-server",
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        if (!request.url?.startsWith("/api/")) return next();
        answer(api.fetch, request, response).catch(next);
      });
    },
  };
}

async function answer(
  fetch: typeof globalThis.fetch,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const isJson = request.headers["content-type"]?.includes("json");
  const body = isJson ? Buffer.concat(chunks).toString() : undefined;
  const reply = await fetch(request.url ?? "/", {
    method: request.method ?? "GET",
    ...(body === undefined ? {} : { body }),
  });
  response.writeHead(reply.status, Object.fromEntries(reply.headers));
  if (reply.body) for await (const part of reply.body) response.write(part);
  response.end();
}
