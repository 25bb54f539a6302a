/** The key of the local hub's page, and the port that it had: links and sessions outlive the hub. */

import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { type HomePaths, readHomeFile, writeOwnerFile } from "./home.ts";

export interface PageFile {
  /** 32 random bytes in base64url. */
  readonly key: string;
  readonly port?: number;
}

const KEY_BYTES = 32;

export function createPageKey(): string {
  return randomBytes(KEY_BYTES).toString("base64url");
}

/**
 * Created if it is missing or damaged: the page then has to be opened with its new key.
 *
 * @throws HomeError HomeUnusable; StoreError StoreFull
 */
export function keepPageFile(paths: HomePaths): PageFile {
  const found = readPageFile(paths);
  if (found) return found;
  const created = { key: createPageKey() };
  writePageFile(paths, created);
  return created;
}

/** @throws HomeError HomeUnusable; StoreError StoreFull */
export function writePageFile({ pageFile }: HomePaths, content: PageFile): void {
  writeOwnerFile(pageFile, `${JSON.stringify(content, null, 2)}\n`);
}

/**
 * Undefined if there is none, or if it is damaged.
 *
 * @throws HomeError HomeUnusable
 */
export function readPageFile({ pageFile }: HomePaths): PageFile | undefined {
  return existsSync(pageFile) ? parsePageFile(readHomeFile(pageFile)) : undefined;
}

function parsePageFile(text: string): PageFile | undefined {
  try {
    const { key, port } = JSON.parse(text) as Partial<Record<keyof PageFile, unknown>>;
    if (typeof key !== "string" || !/^[\w-]{43}$/.test(key)) return undefined;
    return { key, ...(isPort(port) && { port }) };
  } catch {
    return undefined;
  }
}

function isPort(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) > 0 && Number(value) < 65_536;
}
