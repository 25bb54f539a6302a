/**
 * Kills a hub hundreds of times at random moments while it is used, and verifies that nothing it
 * had acknowledged is lost.
 *
 * node bench/kill-test.mjs [--kills 300] [--keep] [-o json]
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createHttpsClient } from "./clients/https-client.mjs";
import {
  createDevice,
  feedbackReader,
  HTTPS_DEVICE,
  httpsDevice,
  keepRunning,
  MQTT_DEVICE,
  mqttDevice,
  registrar,
  senderTo,
} from "./kill/clients.mjs";
import { HubHost } from "./kill/hub-host.mjs";
import { killOnce } from "./kill/kills.mjs";
import { Ledger } from "./kill/ledger.mjs";
import { spawnHub } from "./kill/spawn-hub.mjs";

/** Longest wait for the last records after the last kill. */
const DRAIN_TIMEOUT_MS = 30_000;

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "300" },
    keep: { type: "boolean", default: false },
    output: { type: "string", short: "o", default: "text" },
  },
});

const directory = mkdtempSync(join(tmpdir(), "c2d-kill-"));
try {
  const { figures, violations } = await run(Number(values.kills));
  print(figures, violations);
  process.exitCode = violations.length === 0 ? 0 : 1;
} finally {
  if (values.keep) console.error(directory);
  else rmSync(directory, { recursive: true, force: true });
}

async function run(kills) {
  const startedMs = performance.now();
  const ledger = new Ledger();
  const host = new HubHost(() => spawnHub(directory), ledger);
  // The first start is killed too: a half-created store must not remain.
  for (let early = 0; early < Math.ceil(kills / 20); early++) {
    const ready = host.start();
    await Promise.race([ready, delay(150 + Math.random() * 200)]);
    await host.kill();
  }
  await host.start();
  await createDevices(await host.address(), ledger);
  const clients = act(host, ledger);
  await host.kill();
  while (host.kills < kills && ledger.violations.length === 0) await killOnce(host, ledger);
  host.isDraining = true;
  await host.start();
  await drain(ledger);
  // A message whose sender got no answer may still be on its way.
  ledger.close();
  await auditDevices(await host.address(), ledger);
  await host.end();
  await clients;
  ledger.audit();
  return { figures: figuresOf(host, ledger, startedMs), violations: ledger.violations };
}

async function createDevices(address, ledger) {
  const { call, close } = createHttpsClient(address);
  await createDevice(call, ledger, HTTPS_DEVICE);
  await createDevice(call, ledger, MQTT_DEVICE);
  close();
}

function act(host, ledger) {
  const sessions = [
    senderTo(HTTPS_DEVICE, host, ledger),
    senderTo(MQTT_DEVICE, host, ledger),
    httpsDevice(host, ledger),
    mqttDevice(host, ledger),
    feedbackReader(host, ledger),
    registrar(host, ledger),
  ];
  return Promise.all(sessions.map((session) => keepRunning(host, ledger, session)));
}

async function drain(ledger) {
  const untilMs = performance.now() + DRAIN_TIMEOUT_MS;
  while (ledger.open().length > 0 && performance.now() < untilMs) await delay(20);
}

async function auditDevices(address, ledger) {
  const { call, close } = createHttpsClient(address);
  const { body } = await call("GET", "/devices/");
  close();
  const devices = JSON.parse(body.toString());
  const keys = devices.map((one) => [one.deviceId, one.authentication.symmetricKey.primaryKey]);
  ledger.auditDevices(new Map(keys));
}

function figuresOf(host, ledger, startedMs) {
  return {
    kills: host.kills,
    messagesAccepted: ledger.accepted.size,
    messagesUncertain: ledger.counts.uncertainSends,
    sendsRefusedQueueFull: ledger.counts.refused,
    settlementsAcknowledged: ledger.settled.size,
    settlementsTooLate: ledger.counts.lateSettlements,
    records: ledger.records.size,
    recordsSettled: ledger.echoed.size,
    redeliveries: ledger.counts.redeliveries,
    devicesCreated: ledger.counts.devices,
    seconds: Number(((performance.now() - startedMs) / 1000).toFixed(1)),
  };
}

function print(figures, violations) {
  if (values.output === "json") {
    console.log(JSON.stringify({ type: "killTest", ...figures, violations }));
    return;
  }
  console.table(figures);
  for (const text of violations.slice(0, 20)) console.log(`VIOLATION: ${text}`);
  console.log(violations.length === 0 ? "No violations." : `${violations.length} violations.`);
}
