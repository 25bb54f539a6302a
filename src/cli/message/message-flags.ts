export interface MessageFlags {
  readonly data?: string;
  readonly dataFilePath?: string;
  readonly dataEncoding?: "utf8" | "hex" | "base64";
  readonly messageId?: string;
  readonly correlationId?: string;
  readonly userId?: string;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly property?: readonly string[];
  readonly properties?: string;
  /** `--template` and `--no-template`; absent when neither is given. */
  readonly template?: boolean;
}
