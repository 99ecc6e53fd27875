import { defineConfig } from "vitest/config";

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
    rollupOptions: { input: ["index.html", "tablet.html"] },
  },
  test: { include: ["tests/**/*.test.ts"] },
});
