import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** Every address of a program is answered by its one page, as the server does it. */
function onePage(part: string): Plugin {
  return {
    name: "one-page",
    configureServer(server) {
      server.middlewares.use((request, _, next) => {
        const path = request.url?.split("?")[0] ?? "/";
        const navigates = request.headers.accept?.includes("text/html") ?? false;
        if (navigates && !path.startsWith("/v1") && !path.startsWith("/@")) request.url = `/${part}.html`;
        next();
      });
    },
  };
}

// Two programs from one source: `staff` and `owner`. They are built apart, so that the owner's page, which is served on a listener of
// its own, holds nothing of the console. `--mode` says which.
export default defineConfig(({ mode }) => {
  const part = mode === "owner" ? "owner" : "staff";
  return {
    plugins: [react(), onePage(part)],
    build: {
      outDir: `dist/${part}`,
      emptyOutDir: true,
      target: "es2023",
      // An inlined file would be a `data:` address, which the content security policy does not allow for scripts and styles.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rollupOptions: { input: `${part}.html` },
      sourcemap: false,
    },
    // The host stays as the browser said it: the server holds it against the origin of every write.
    server: { proxy: { "/v1": { target: process.env.SUMUN_URL ?? "http://127.0.0.1:8070", changeOrigin: false } } },
  };
});
