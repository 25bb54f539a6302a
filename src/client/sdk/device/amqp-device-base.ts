/**
 * Patches the AMQP base under azure-iot-device-amqp.
 *
 * The SDK uses port 443 for WebSocket whatever the host name says, replaces the trust store with
 * its `ca` option, drops the passphrase of an X.509 device's key, sends an IP address as TLS server
 * name, never notices a peer that stopped responding, reports that the hub closed the connection
 * only after 45 s, and does not report a receiver that was detached without error. It attaches the
 * event link with the first message, too late to learn that the hub refuses it.
 */

import type { Agent } from "node:https";
import type { Message as SdkMessage } from "azure-iot-common";
import type { Amqp } from "azure-iot-device-amqp";
import type { Message } from "../../../core/message.ts";
import { internals, method, text } from "../../../dependencies/internals.ts";
import type { ClientCertificate } from "../../connection/device-connection.ts";
import { declareAmqpBase } from "../shared/amqp-internals.ts";
import { patchSenderLink } from "../shared/patch-sender-link.ts";
import { WatchedConnection } from "../shared/watched-connection.ts";
import { MANUAL_CREDIT, ReceiverCredit } from "./receiver-credit.ts";

const INTERNALS = declareAmqpBase(["azure-iot-device-amqp", "azure-iot-amqp-base"]);

const settle = method<Amqp["complete"]>();

const TRANSPORT = internals(["azure-iot-device-amqp"], "Amqp (transport)", {
  _amqp: INTERNALS.methods,
  // Not part of the package's documented API.
  enableC2D: method<Amqp["enableC2D"]>(),
  complete: settle,
  reject: settle,
  abandon: settle,
});

const CONNECTED_TRANSPORT = internals(["azure-iot-device-amqp"], "Amqp (transport)", {
  _d2cEndpoint: text,
});

export interface AmqpDeviceBaseOptions {
  readonly uri: string;
  readonly ca: string[] | undefined;
  /** Only for WebSocket. */
  readonly agent: Agent | undefined;
  readonly certificate: ClientCertificate | undefined;
  /** Empty for an IP address. */
  readonly serverName: string;
  /** Longest silence of the hub; it sends empty frames at half of it. */
  readonly idleTimeoutMs: number;
  /** The next message comes once there is room for it again. */
  readonly isOneAtATime: boolean;
  /** May be called more than once. */
  onLost(error: Error | undefined): void;
}

export interface AmqpDeviceBase {
  attachEvents(): Promise<void>;
  embedMessage(message: Message, sdkMessage: SdkMessage): void;
  readonly credit: ReceiverCredit | undefined;
  destroy(): void;
}

export function hookAmqpDeviceBase(
  transport: Amqp,
  options: AmqpDeviceBaseOptions,
): AmqpDeviceBase {
  const { uri, ca, agent, certificate, serverName, idleTimeoutMs, onLost } = options;
  const { _amqp: base } = TRANSPORT.of(transport);
  const watched = new WatchedConnection(base, INTERNALS, onLost);
  const connect = base.connect.bind(base);
  const putToken = base.putToken.bind(base);
  const initializeCBS = base.initializeCBS.bind(base);
  const attachReceiverLink = base.attachReceiverLink.bind(base);
  const attachSenderLink = base.attachSenderLink.bind(base);
  let events: { readonly endpoint: string; readonly link: object } | undefined;
  let credit: ReceiverCredit | undefined;

  base.connect = (config, done) => {
    const sslOptions = {
      ...certificate,
      ...(ca !== undefined && { ca }),
      // The SDK passes them to its WebSocket as they are.
      ...(agent && { agent }),
    };
    const policyOverride = {
      ...(certificate?.passphrase !== undefined && { passphrase: certificate.passphrase }),
      idle_time_out: idleTimeoutMs,
      servername: serverName,
      // With Nagle's algorithm, consecutive small frames would wait 40 ms each.
      tcp_no_delay: true,
    };
    connect({ ...config, uri, sslOptions, policyOverride }, done);
    watched.watchConnection();
  };

  // A refused token ends the connection at once: the SDK does not report it when renewing.
  base.putToken = (audience, token, done) => {
    putToken(audience, token, (error) => {
      if (error) watched.lose(error);
      done(error);
    });
  };

  base.initializeCBS = (done) => {
    initializeCBS((error) => {
      if (!error) watched.watchClaims();
      done(error);
    });
  };

  base.attachReceiverLink = (endpoint, linkOptions, done) => {
    attachReceiverLink(endpoint, { ...linkOptions, ...MANUAL_CREDIT }, (error, link) => {
      if (!link) return done(error);
      const adopted = watched.adoptReceiver(link);
      if (adopted === undefined) return;
      done(null, link);
      credit = new ReceiverCredit(adopted, options.isOneAtATime);
    });
  };

  // The first event makes the SDK request the event link, which is already attached.
  base.attachSenderLink = (endpoint, linkOptions, done) => {
    if (endpoint === events?.endpoint) done(null, events.link);
    else attachSenderLink(endpoint, linkOptions, done);
  };

  return {
    attachEvents: () =>
      new Promise((resolve, reject) => {
        const { _d2cEndpoint: endpoint } = CONNECTED_TRANSPORT.of(transport);
        attachSenderLink(endpoint, null, (error, link) => {
          if (!link) return reject(error ?? new Error("The event link is not open."));
          const adopted = watched.adoptSender(link);
          if (adopted === undefined) return;
          patchSenderLink(adopted, INTERNALS.senderLink);
          events = { endpoint, link };
          if (watched.restsOn(adopted)) resolve();
        });
      }),
    embedMessage: (message, sdkMessage) => watched.embedMessage(message, sdkMessage),
    get credit() {
      return credit;
    },
    destroy: () => watched.cut(),
  };
}
