import { defineConfig } from "vitest/config";

import { compressFiles, nameBuild } from "./build-steps";

export default defineConfig({
  build: {
    outDir: "../web/static",
    emptyOutDir: true,
    // Old tablets are the point of the tablet page.
    target: "es2020",
    // A data: address would need a wider content security policy than the kiosk sends.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
    rollupOptions: {
      input: { index: "index.html", tablet: "tablet.html", sw: "src/sw/sw.ts" },
      output: { entryFileNames: ({ name }) => (name === "sw" ? "sw.js" : "assets/[name]-[hash].js") },
    },
  },
  plugins: [nameBuild(), compressFiles()],
  worker: { format: "es" },
  test: { include: ["tests/**/*.test.ts"], testTimeout: 30_000 },
});
