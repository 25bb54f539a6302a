/**
 * Puts our hands on the AMQP base under azure-iot-device-amqp.
 *
 * Why: the SDK goes to port 443 for WebSocket whatever the host name says, replaces the trust store
 * with its `ca` option, drops the passphrase of an X.509 device's key, names an IP address as TLS
 * server, never notices a peer that fell silent, waits 45 s before it tells that the hub closed the
 * connection, and says nothing of a receiver that was detached without error. It attaches the link
 * of events with the first message: whether the hub refuses that is known too late. All that is put
 * right on the base the transport has made for itself, below it.
 */

import type { Amqp } from "azure-iot-device-amqp";
import type { ClientCertificate } from "../../connection/device-connection.ts";
import {
  AmqpLifeline,
  type AmqpReceiverLink,
  type AmqpSenderLink,
} from "../shared/amqp-internals.ts";
import { mendSender, type SenderLink } from "../shared/mend-sender.ts";
import { MANUAL_CREDIT, ReceiverCredit } from "./receiver-credit.ts";

export interface AmqpDeviceBaseOptions {
  /** Where to connect: `amqps://…` or `wss://…`. */
  readonly uri: string;
  readonly ca: string[] | undefined;
  readonly certificate: ClientCertificate | undefined;
  /** TLS server name; empty for an IP address. */
  readonly serverName: string;
  /** Longest silence of the hub, in milliseconds; it sends empty frames at half of it. */
  readonly idleTimeoutMs: number;
  /** The connection was closed by the hub, or its socket ended. May be called more than once. */
  onLost(error: Error | undefined): void;
}

type Done = (error?: Error | null, result?: object) => void;

interface Base {
  connect(config: object, done: Done): void;
  putToken(audience: string, token: string, done: (error?: Error) => void): void;
  attachReceiverLink(endpoint: string, options: object | null, done: Done): void;
  attachSenderLink(endpoint: string, options: object | null, done: Done): void;
}

/** The private fields of the transport. */
interface AmqpTransportInternals {
  readonly _amqp: Base;
  readonly _d2cEndpoint: string;
  _d2cLink: object | undefined;
}

export interface AmqpDeviceBase {
  /** Attaches the link of events. The hub's refusal comes as the end of the connection. */
  attachEvents(): Promise<void>;
  /** Of the link of devicebound messages, once it is attached. */
  readonly credit: ReceiverCredit | undefined;
  /** Ends the connection by force, in whatever state. */
  destroy(): void;
}

export function hookAmqpDeviceBase(
  transport: Amqp,
  options: AmqpDeviceBaseOptions,
): AmqpDeviceBase {
  const { uri, ca, certificate, serverName, idleTimeoutMs, onLost } = options;
  const internals = transport as unknown as AmqpTransportInternals;
  const { _amqp: base } = internals;
  const lifeline = new AmqpLifeline(base, onLost);
  const connect = base.connect.bind(base);
  const putToken = base.putToken.bind(base);
  const attachReceiverLink = base.attachReceiverLink.bind(base);
  let credit: ReceiverCredit | undefined;

  base.connect = (config, done) => {
    const sslOptions = { ...certificate, ...(ca !== undefined && { ca }) };
    const policyOverride = {
      ...(certificate?.passphrase !== undefined && { passphrase: certificate.passphrase }),
      idle_time_out: idleTimeoutMs,
      servername: serverName,
      // Small frames that follow one another would wait 40 ms each.
      tcp_no_delay: true,
    };
    connect({ ...config, uri, sslOptions, policyOverride }, done);
    lifeline.watchConnection();
  };

  // A refused token ends the connection at once: the SDK keeps it to itself when renewing.
  base.putToken = (audience, token, done) => {
    putToken(audience, token, (error) => {
      if (error) onLost(error);
      done(error);
    });
  };

  base.attachReceiverLink = (endpoint, linkOptions, done) => {
    attachReceiverLink(endpoint, { ...linkOptions, ...MANUAL_CREDIT }, (error, link) => {
      if (!link) return done(error);
      if (!lifeline.adoptReceiver(link as AmqpReceiverLink)) return;
      done(null, link);
      credit = new ReceiverCredit(link as AmqpReceiverLink);
    });
  };

  return {
    attachEvents: () =>
      new Promise((resolve, reject) => {
        base.attachSenderLink(internals._d2cEndpoint, null, (error, link) => {
          if (!link) return reject(error ?? new Error("There is no link of events."));
          mendSender(link as SenderLink);
          internals._d2cLink = link;
          if (lifeline.adoptSender(link as AmqpSenderLink)) resolve();
        });
      }),
    get credit() {
      return credit;
    },
    destroy: () => lifeline.cut(),
  };
}
