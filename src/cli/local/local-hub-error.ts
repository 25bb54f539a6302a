export type LocalHubErrorName =
  | "LocalHubNotRunning"
  | "LocalHubAlreadyRunning"
  | "LocalHubNotStarted"
  | "LocalHubNotStopped"
  | "PageNotServed";

export class LocalHubError extends Error {
  override readonly name: LocalHubErrorName;
  readonly hint: string;

  constructor(name: LocalHubErrorName, message: string, hint: string) {
    super(message);
    this.name = name;
    this.hint = hint;
  }
}
