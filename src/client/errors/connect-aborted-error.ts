import { ClientError } from "./client-error.ts";

export class ConnectAbortedError extends ClientError {
  constructor() {
    super("ConnectionLost", "Connecting was aborted.");
  }
}
