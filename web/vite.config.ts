import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** Where `npm run dev` sends what it doesn't serve itself. */
const SERVER = process.env.ATELIER_URL ?? "http://127.0.0.1:7340";

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    // The first engines that have `light-dark()`, which the colour tokens use.
    target: ["chrome123", "edge123", "firefox121", "safari17.5"],
    manifest: true,
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
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}", "tests/**/*.test.{ts,tsx}"],
    setupFiles: ["tests/setup.ts"],
    restoreMocks: true,
    unstubGlobals: true,
  },
});
