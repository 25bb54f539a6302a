/** Why a connect ended that its caller gave up. */

import { ClientError } from "./client-error.ts";

export class ConnectAbortedError extends ClientError {
  constructor() {
    super("ConnectionLost", "Connecting was aborted.");
  }
}
