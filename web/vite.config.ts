import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { fakeServer } from "./tests/fakeServer.ts";

/** Where `npm run dev` sends what it doesn't serve itself. */
const SERVER = process.env.ATELIER_URL ?? "http://127.0.0.1:7340";

/** Tests that need no page, and so start at once. */
const WITHOUT_DOM = [
  "src/{lib,commands,features}/**/*.test.ts",
  "src/api/queries/*.test.ts",
  "tests/plain/*.test.ts",
];

export default defineConfig(({ mode }) => ({
  // `npm run dev:fake` shows the pages with made-up data, without a server.
  plugins: [react(), tailwindcss(), mode === "fake" && fakeServer()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    // The first engines that have `light-dark()`, which the colour tokens use.
    target: ["chrome123", "edge123", "firefox121", "safari17.5"],
    manifest: true,
    rolldownOptions: {
      output: {
        // What every page shares in one file: it packs better than fifty small ones.
        codeSplitting: {
          groups: [
            {
              name: "shared",
              test: /node_modules\/(react|react-dom|scheduler|lucide-react|zustand|@tanstack|@radix-ui|@floating-ui)\//,
            },
          ],
        },
      },
    },
    // Every chunk has its budget in `scripts/size.mjs`, counted after compression.
    chunkSizeWarningLimit: 2000,
  },
  server: {
    proxy: {
      "/api": { target: SERVER, ws: true },
      "/healthz": SERVER,
      "/readyz": SERVER,
    },
  },
  test: {
    restoreMocks: true,
    unstubGlobals: true,
    projects: [
      {
        extends: true,
        test: {
          name: "plain",
          environment: "node",
          include: WITHOUT_DOM,
          setupFiles: ["tests/plainSetup.ts"],
        },
      },
      {
        extends: true,
        test: {
          name: "page",
          environment: "jsdom",
          include: ["src/**/*.test.{ts,tsx}", "tests/*.test.{ts,tsx}"],
          exclude: WITHOUT_DOM,
          setupFiles: ["tests/setup.ts"],
          testTimeout: 30_000,
        },
      },
    ],
  },
}));
