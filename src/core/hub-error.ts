/**
 * Sources: "Troubleshoot Azure IoT Hub error codes" for names and numbers; AmqpErrorMapper of the
 * open IoT Edge hub for AMQP conditions. The exit codes are this project's own.
 */

interface HubErrorEntry {
  /** Azure's numeric code. Its first three digits are the HTTP status. */
  readonly number: number;
  readonly amqpCondition: string;
  /** 4 not authorised, 5 not reachable, 6 refused. */
  readonly exitCode: 4 | 5 | 6;
}

export const HUB_ERRORS = {
  ArgumentInvalid: entry(400004, "com.microsoft:argument-error", 6),
  ConnectionForcefullyClosedOnNewConnection: entry(400027, "amqp:connection:forced", 6),
  IotHubUnauthorized: entry(401003, "amqp:unauthorized-access", 4),
  IotHubQuotaExceeded: entry(403002, "amqp:resource-limit-exceeded", 6),
  DeviceMaximumQueueDepthExceeded: entry(403004, "amqp:resource-limit-exceeded", 6),
  MessagingEntityNotFound: entry(404000, "amqp:not-found", 6),
  DeviceNotFound: entry(404001, "amqp:not-found", 6),
  DeviceConnectionClosedRemotely: entry(404104, "amqp:connection:forced", 5),
  DeviceAlreadyExists: entry(409001, "com.microsoft:device-already-exists", 6),
  LinkCreationConflict: entry(409002, "amqp:link:stolen", 6),
  PreconditionFailed: entry(412001, "com.microsoft:precondition-failed", 6),
  DeviceMessageLockLost: entry(412002, "com.microsoft:message-lock-lost", 6),
  MessageTooLarge: entry(413001, "amqp:link:message-size-exceeded", 6),
  Throttling: entry(429001, "com.microsoft:device-container-throttled", 6),
  ServerError: entry(500001, "amqp:internal-error", 6),
  ServiceUnavailable: entry(503001, "com.microsoft:timeout", 5),
} as const satisfies Record<string, HubErrorEntry>;

export type HubErrorName = keyof typeof HUB_ERRORS;

export const HUB_ERROR_NAMES = Object.keys(HUB_ERRORS) as readonly HubErrorName[];

/** A refusal by a hub, with its catalogue name. */
export class HubError extends Error {
  override readonly name: HubErrorName;

  constructor(name: HubErrorName, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
  }

  get number(): number {
    return HUB_ERRORS[this.name].number;
  }

  get httpStatus(): number {
    return httpStatusOf(this.name);
  }

  get amqpCondition(): string {
    return HUB_ERRORS[this.name].amqpCondition;
  }
}

export function httpStatusOf(name: HubErrorName): number {
  return Math.floor(HUB_ERRORS[name].number / 1000);
}

/** Anything but a HubError becomes a plain ServerError. */
export function toHubError(error: unknown): HubError {
  if (error instanceof HubError) return error;
  return new HubError("ServerError", "The hub encountered an unexpected error.", { cause: error });
}

function entry(number: number, amqpCondition: string, exitCode: 4 | 5 | 6): HubErrorEntry {
  return { number, amqpCondition, exitCode };
}
