/** A port that is in use, or that this user may not listen on. */
export class PortUnavailable extends Error {
  override readonly name = "PortUnavailable";
  readonly port: number;

  constructor(port: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.port = port;
  }
}
