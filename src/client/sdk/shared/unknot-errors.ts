/**
 * Keeps azure-iothub from dying of its own errors.
 *
 * Why: it makes an error of these two classes its own `amqpError`, and describes errors by following
 * `amqpError` to its end: a stack overflow outside of any call of ours. A connection lost with
 * messages in flight, or while it is being closed, would end the process.
 */

import {
  NotConnectedError,
  ServiceUnavailableError,
} from "azure-iothub/dist/common-core/errors.js";

export function unknotErrors(): void {
  for (const { prototype } of [NotConnectedError, ServiceUnavailableError]) {
    const causes = new WeakMap<object, unknown>();
    Object.defineProperty(prototype, "amqpError", {
      configurable: true,
      get(this: object) {
        return causes.get(this);
      },
      set(this: object, cause: unknown) {
        if (cause !== this) causes.set(this, cause);
      },
    });
  }
}
