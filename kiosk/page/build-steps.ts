/** Steps of the build that Vite has no option for. */

import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Plugin, Rollup } from "vite";

const SERVICE_WORKER = "sw.js";
const COMPRESSIBLE = /\.(js|css|html|svg|wasm)$/;

/** Gives the build a name, tells it to each page, and tells the service worker too, with the files it has to keep. */
export function nameBuild(): Plugin {
  return {
    name: "name-build",
    enforce: "post",
    generateBundle(_, bundle) {
      const parts = Object.values(bundle);
      const build = hashOf(parts);
      for (const part of parts) {
        if (part.type === "asset" && part.fileName.endsWith(".html")) {
          part.source = String(part.source).replace("<title>", `<meta name="build" content="${build}" />\n    <title>`);
        }
      }
      const worker = bundle[SERVICE_WORKER];
      if (worker?.type !== "chunk") throw new Error(`the build has no ${SERVICE_WORKER}`);
      if (worker.imports.length > 0) throw new Error(`${SERVICE_WORKER} must be one file: browsers load it as a plain script`);
      const files = JSON.stringify(neededAtOnce(parts));
      worker.code = worker.code.replaceAll("__BUILD__", JSON.stringify(build)).replaceAll("__FILES__", files);
    },
  };
}

/** Puts a compressed copy beside each file that shrinks; the kiosk gives it to browsers that take it. */
export function compressFiles(): Plugin {
  return {
    name: "compress-files",
    async writeBundle({ dir = "" }, bundle) {
      const names = Object.keys(bundle).filter((name) => COMPRESSIBLE.test(name));
      await Promise.all(names.map((name) => compressFile(join(dir, name))));
    },
  };
}

async function compressFile(path: string): Promise<void> {
  const content = await readFile(path);
  const options = { params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length } };
  const brotli = await promisify(brotliCompress)(content, options);
  const gzipped = await promisify(gzip)(content, { level: constants.Z_BEST_COMPRESSION });
  if (brotli.length < content.length) await writeFile(`${path}.br`, brotli);
  if (gzipped.length < content.length) await writeFile(`${path}.gz`, gzipped);
}

type Part = Rollup.OutputAsset | Rollup.OutputChunk;

/** Names of files change with their content; the pages' own do not. */
function hashOf(parts: Part[]): string {
  const hash = createHash("sha256");
  for (const part of [...parts].sort((a, b) => (a.fileName < b.fileName ? -1 : 1))) {
    const isNamedByContent = part.fileName.startsWith("assets/");
    hash.update(part.fileName).update("\0");
    if (!isNamedByContent) hash.update(part.type === "chunk" ? part.code : part.source).update("\0");
  }
  return hash.digest("hex").slice(0, 16);
}

/** What both pages load when they start; what they only load on some devices is kept when they do. */
function neededAtOnce(parts: Part[]): string[] {
  const chunks = new Map(parts.flatMap((part) => (part.type === "chunk" ? [[part.fileName, part]] : [])));
  const needed = new Set<string>();
  const add = (name: string): void => {
    if (needed.has(name) || name === SERVICE_WORKER) return;
    needed.add(name);
    chunks.get(name)?.imports.forEach(add);
  };
  for (const chunk of chunks.values()) if (chunk.isEntry) add(chunk.fileName);
  for (const part of parts) if (part.type === "asset" && /\.(css|svg)$/.test(part.fileName)) add(part.fileName);
  return [...needed].map((name) => `/${name}`).sort();
}
