/** The error of a connect that its caller aborted. */

import { ClientError } from "./client-error.ts";

export class ConnectAbortedError extends ClientError {
  constructor() {
    super("ConnectionLost", "Connecting was aborted.");
  }
}
