/**
 * azure-iothub sets `amqpError` of these two error classes to the error itself, and follows it
 * recursively to describe errors: a stack overflow outside any call of ours, which ends the process
 * when a connection is lost with messages in flight, or while it is being closed.
 */

import * as errors from "azure-iothub/dist/common-core/errors.js";
import { internals, object } from "../../../dependencies/internals.ts";

const ERRORS = internals(["azure-iothub"], "errors", {
  NotConnectedError: { prototype: object() },
  ServiceUnavailableError: { prototype: object() },
});

export function breakErrorCycle(): void {
  const { NotConnectedError, ServiceUnavailableError } = ERRORS.of(errors);
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
