/** The local hub of a home directory, which keeps its state and makes it discoverable. */

import { existsSync } from "node:fs";
import { pollOnce } from "../async/poll-once.ts";
import { validateDeviceId } from "../core/device-identity.ts";
import {
  createHome,
  type HomePaths,
  removeHubDescription,
  writeHubDescription,
  writeOwnerFile,
  writePublicFile,
} from "./home/home.ts";
import { createInstallation, type Installation, readInstallation } from "./home/installation.ts";
import { keepPageFile, type PageFile, writePageFile } from "./home/page-file.ts";
import { nameOf } from "./host-name.ts";
import { type HubPageOptions, startHub } from "./hub.ts";
import type { LocalHub } from "./local-hub.ts";
import { type LocalHubOptions, resolveOptions } from "./local-hub-options.ts";
import { openLevelStore } from "./store/level-store.ts";
import { createMemoryStore } from "./store/memory-store.ts";
import { acquireOwnership } from "./store/ownership.ts";
import type { Store } from "./store/store.ts";
import { toLocalHub } from "./to-local-hub.ts";

export interface HomeHubOptions extends Omit<LocalHubOptions, "port" | "directory"> {
  readonly directory: string;
  /** Default 8883, 5671 and 443 (8443 where binding port 443 needs privileges). */
  readonly ports?: readonly number[];
  readonly onTakenPort?: "fail" | "skip";
  /** Default: the one it had before, then 8880, then any free one. */
  readonly uiPort?: number;
  /** Keeps keys, registry and queues in memory; the directory is still locked by this hub. */
  readonly isInMemory?: boolean;
  /** Written to `hub.json`. */
  readonly isBackground?: boolean;
  readonly idleExitMs?: number;
  /** Aborts the start; a started hub is stopped with `stop`. */
  readonly signal?: AbortSignal;
}

export const STANDARD_PORTS = [8883, 5671, 443] as const;

export const STANDARD_UI_PORT = 8880;

const ANY_PORT = 0;

/**
 * @throws HomeError; StoreError when another process has the directory, or its store cannot be
 * read; PortUnavailable; AbortError once `signal` is aborted. After any error, nothing stays open.
 */
export async function startHomeHub(options: HomeHubOptions): Promise<LocalHub> {
  for (const deviceId of options.devices ?? []) validateDeviceId(deviceId);
  options.signal?.throwIfAborted();
  const paths = createHome(options.directory);
  const store = options.isInMemory
    ? await openOwnedMemoryStore(paths.storeDirectory)
    : await openLevelStore(paths.storeDirectory);
  return await startWithStore(store, paths, options);
}

async function startWithStore(
  store: Store,
  paths: HomePaths,
  options: HomeHubOptions,
): Promise<LocalHub> {
  const { signal } = options;
  const resolved = resolveOptions(options);
  let close = (): Promise<void> => store.close();
  try {
    signal?.throwIfAborted();
    // No other hub runs for this directory now, so an existing `hub.json` is stale.
    removeHubDescription(paths);
    const installation = keepInstallation(paths, resolved.clock.nowMs());
    const pageFile = options.ui ? keepPageFile(paths) : undefined;
    // Until here the start is so busy that a signal may not have been noticed yet.
    if (signal) await pollOnce();
    signal?.throwIfAborted();
    const hub = await startHub({
      ...resolved,
      installation,
      store,
      ports: options.ports ?? STANDARD_PORTS,
      onTakenPort: options.onTakenPort ?? "fail",
      ...(options.idleExitMs !== undefined && { idleExitMs: options.idleExitMs }),
      ...(pageFile && { page: toPageOptions(pageFile, options.uiPort) }),
      onStopping: () => removeHubDescription(paths),
    });
    close = () => hub.stop();
    signal?.throwIfAborted();
    if (pageFile && hub.page && hub.page.port !== pageFile.port) {
      writePageFile(paths, { ...pageFile, port: hub.page.port });
    }
    const { host } = resolved;
    const local = toLocalHub(hub, installation, { host, caFile: paths.caFile });
    writeHubDescription(paths, {
      hostName: local.hostName,
      endpoint: `${nameOf(host)}:${local.ports[0]}`,
      host,
      ports: local.ports,
      pid: process.pid,
      caFile: local.caFile,
      connectionString: local.connectionString,
      eventHubConnectionString: local.eventHubConnectionString,
      lockTimeoutMs: resolved.settings.lockTimeoutMs,
      ...(hub.page && { ui: hub.page.address }),
      isBackground: options.isBackground === true,
    });
    return local;
  } catch (error) {
    await close();
    throw error;
  }
}

/** A page that is open in a browser finds the hub again where it was. */
function toPageOptions({ key, port }: PageFile, uiPort: number | undefined): HubPageOptions {
  const usual = [...(port === undefined ? [] : [port]), STANDARD_UI_PORT, ANY_PORT];
  return { key, ports: uiPort === undefined ? usual : [uiPort], isReachedWithLocal: true };
}

function keepInstallation({ installationFile, caFile }: HomePaths, nowMs: number): Installation {
  if (!existsSync(installationFile)) {
    const created = createInstallation(nowMs);
    writeOwnerFile(installationFile, `${JSON.stringify(created, null, 2)}\n`);
  }
  const installation = readInstallation(installationFile);
  writePublicFile(caFile, installation.authority.certificate);
  return installation;
}

/** A hub in memory also locks its directory. */
async function openOwnedMemoryStore(directory: string): Promise<Store> {
  const ownership = await acquireOwnership(directory);
  return { ...createMemoryStore(), close: () => ownership.release() };
}
