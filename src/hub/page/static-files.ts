import { readFile } from "node:fs/promises";
import { packageFile } from "../../package-file.ts";
import { type PageReply, refusal } from "./page-reply.ts";

/** By path, as the browser sends it: no other file can be asked for. */
const FILES: Readonly<Record<string, readonly [name: string, type: string]>> = {
  "/": ["index.html", "text/html"],
  "/page.js": ["page.js", "text/javascript"],
  "/page.css": ["page.css", "text/css"],
  "/favicon.svg": ["favicon.svg", "image/svg+xml"],
};

/** Read when first asked for, and then kept: an update may replace them below a running hub. */
const kept = new Map<string, Promise<Buffer>>();

export async function findStaticFile(path: string): Promise<PageReply> {
  const [name, type] = (Object.hasOwn(FILES, path) && FILES[path]) || [];
  if (name === undefined) return refusal(404, "NotFound", "There is nothing at this path.");
  try {
    const body = await read(name);
    return { status: 200, headers: { "Content-Type": `${type}; charset=utf-8` }, body };
  } catch {
    return refusal(404, "NotBuilt", "The page is not part of this installation: npm run build.");
  }
}

function read(name: string): Promise<Buffer> {
  const reading = kept.get(name) ?? readFile(packageFile(`dist/page/${name}`));
  kept.set(name, reading);
  // It may be built later.
  reading.catch(() => kept.delete(name));
  return reading;
}
