import { IncompatiblePackage } from "../../dependencies/incompatible-package.ts";
import { ClientError } from "./client-error.ts";

export function toPackageError(cause: unknown): ClientError | undefined {
  if (cause instanceof ClientError && cause.name === "IncompatiblePackage") return cause;
  const wrapped = cause instanceof Error && "amqpError" in cause ? cause.amqpError : undefined;
  for (const error of [cause, wrapped]) {
    if (error instanceof IncompatiblePackage) {
      const { name, message, hint } = error;
      return new ClientError(name, message, { cause: error, hint });
    }
  }
  return undefined;
}
