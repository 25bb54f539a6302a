/// <reference lib="es2022.error" preserve="true" />
/// <reference lib="esnext.disposable" preserve="true" />

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { validateDeviceId } from "../core/device-identity.ts";
import { validateOptions } from "../core/hub-options.ts";
import { createInstallation } from "./home/installation.ts";
import { createPageKey } from "./home/page-file.ts";
import { startHub } from "./hub.ts";
import {
  LOCAL_HUB_OPTION_RANGES,
  type LocalHubOptions,
  resolveOptions,
} from "./local-hub-options.ts";
import type { MessageContent, MessageToSend } from "./message-to-send.ts";
import type { HubEventListener } from "./model/events.ts";
import type { QueuedMessage } from "./model/queued-message.ts";
import { createMemoryStore } from "./store/memory-store.ts";
import { toLocalHub } from "./to-local-hub.ts";
import type { WaitFor } from "./wait-for-event.ts";

export interface LocalHub extends AsyncDisposable {
  /** `localhost`, or the address it listens on; with the port unless the standard ports are served. */
  readonly hostName: string;
  /** Each serves every protocol. */
  readonly ports: readonly number[];
  /** The hub's connection string of the policy iothubowner, which has every permission. */
  readonly connectionString: string;
  /** For Event Hubs clients, to read device-to-cloud messages. */
  readonly eventHubConnectionString: string;
  /** Of the page, with its key, for a browser; undefined without the option `ui`. */
  readonly uiUrl: string | undefined;
  /**
   * Path of the CA certificate (PEM) that clients must trust; deleted by `stop`, unless the hub has a
   * directory.
   */
  readonly caFile: string;
  /**
   * Resolves when the hub has stopped, by `stop` or by its owner's `POST /$c2d/stop`, which does
   * not end the process; rejects when it stopped because its store failed.
   */
  readonly stopped: Promise<void>;
  /**
   * The device's connection string; the device is created if it is missing.
   *
   * @throws HubError ArgumentInvalid for an id the registry does not accept; HubStoppedError.
   */
  deviceConnectionString(deviceId: string): string;
  /**
   * Sends a cloud-to-device message, as a service would; resolves once it is in the device's queue.
   *
   * @throws HubError DeviceNotFound, DeviceMaximumQueueDepthExceeded, MessageTooLarge or
   * ArgumentInvalid; InvalidOptionError; HubStoppedError.
   */
  send(deviceId: string, message?: MessageToSend): Promise<void>;
  /**
   * The queued messages of a device, oldest first: in the queue, or locked by a receiver.
   *
   * @throws HubError DeviceNotFound; HubStoppedError.
   */
  queue(deviceId: string): (QueuedMessage & MessageContent)[];
  /**
   * Resolves to the next event of this type, or that the predicate accepts; never to one from before
   * the call, so call it before what causes the event.
   *
   * @throws WaitTimeoutError after `timeoutMs`; HubStoppedError if the hub stops before;
   * InvalidOptionError.
   */
  readonly waitFor: WaitFor;
  /**
   * Calls the listener for every event in the hub from now on, in order, once it is durable; never
   * within another call to the hub. The returned function unsubscribes.
   *
   * @throws HubStoppedError
   */
  subscribe(listener: HubEventListener): () => void;
  /**
   * Makes this process trust the hub until it stops: the service SDK has no option for it.
   *
   * @throws HubStoppedError
   */
  trust(): void;
  /** Ends every connection and frees every handle. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts a hub, by default in memory and on any free loopback port, for tests. If it fails, nothing
 * stays open.
 *
 * @throws InvalidOptionError; HubError ArgumentInvalid for a device id that the registry does not
 * accept; PortUnavailable for a port that is in use or not permitted; IncompatiblePackage when it
 * runs from its sources and cannot work with the installed rhea. With a directory also HomeError, and
 * StoreError when another hub has it or its store cannot be read.
 */
export async function startLocalHub(options: LocalHubOptions = {}): Promise<LocalHub> {
  validateOptions(options, LOCAL_HUB_OPTION_RANGES);
  const { directory, port = 0, uiPort = 0, ...others } = options;
  if (directory === undefined) return await startInMemory(options);
  const { startHomeHub } = await import("./home-hub.ts");
  return await startHomeHub({ ...others, uiPort, directory: resolve(directory), ports: [port] });
}

async function startInMemory(options: LocalHubOptions): Promise<LocalHub> {
  const resolved = resolveOptions(options);
  for (const deviceId of resolved.devices) validateDeviceId(deviceId);
  const directory = mkdtempSync(join(tmpdir(), "c2d-hub-"));
  const removeDirectory = (): void => rmSync(directory, { recursive: true, force: true });
  let close = async (): Promise<void> => {};
  try {
    const installation = createInstallation(resolved.clock.nowMs());
    const caFile = join(directory, "ca.pem");
    writeFileSync(caFile, installation.authority.certificate);
    const hub = await startHub({
      ...resolved,
      installation,
      store: createMemoryStore(),
      ports: [options.port ?? 0],
      onTakenPort: "fail",
      ...(options.ui && {
        page: { key: createPageKey(), ports: [options.uiPort ?? 0], isReachedWithLocal: false },
      }),
      onStopping: removeDirectory,
    });
    close = () => hub.stop();
    return toLocalHub(hub, installation, { host: resolved.host, caFile });
  } catch (error) {
    await close();
    removeDirectory();
    throw error;
  }
}
