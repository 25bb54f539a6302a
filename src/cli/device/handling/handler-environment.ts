import { formatJsonLine } from "../../terminal/json-line.ts";

type Environment = Record<string, string | undefined>;

/** The line of a message in JSON. */
export interface MessageLine {
  readonly n: number;
  /** Whether the command has been run for it before. */
  readonly duplicate: boolean;
  readonly deviceId: string;
  readonly messageId: string | undefined;
  readonly correlationId: string | undefined;
  readonly contentType: string | undefined;
  readonly properties: Readonly<Record<string, string | null>>;
  readonly body: unknown;
  readonly raw?: string;
}

const OMITTED = "C2D_OMITTED";

const PROPERTY_PREFIX = "C2D_PROPERTY_";

const OWN = /^C2D_(MESSAGE|MESSAGE_ID|CORRELATION_ID|DEVICE_ID|CONTENT_TYPE|OMITTED|PROPERTY_.*)$/;

/** Of one variable, with its name, on Linux (MAX_ARG_STRLEN), which has the lowest limit. */
const MAX_VARIABLE_BYTES = 128 * 1024 - 1;

/** Of all of ours together: systems limit the whole environment, some to 1 MiB. */
const MAX_BYTES = 512 * 1024;

const MAX_OMITTED_BYTES = 16 * 1024;

/**
 * The environment of a handler: the inherited one, without the secrets in it, and the message. What
 * cannot be a variable is left out, and listed in `C2D_OMITTED`.
 *
 * @param isSecret Whether the value of an inherited variable contains a secret.
 */
export function handlerEnvironment(
  record: MessageLine,
  inherited: Environment,
  isSecret: (name: string, value: string) => boolean,
): Environment {
  const kept = Object.entries(inherited).filter(
    ([name, value]) => value !== undefined && !OWN.test(name) && !isSecret(name, value),
  );
  const environment: Environment = Object.fromEntries(kept);
  const omitted: string[] = [];
  let bytes = 0;
  for (const [name, value] of variablesOf(record)) {
    const size = Buffer.byteLength(name) + Buffer.byteLength(value) + 2;
    const isFitting = size <= MAX_VARIABLE_BYTES && bytes + size <= MAX_BYTES;
    if (!isFitting || value.includes("\0")) {
      omitted.push(name);
      continue;
    }
    bytes += size;
    environment[name] = value;
  }
  if (omitted.length > 0) environment[OMITTED] = omitted.join(" ").slice(0, MAX_OMITTED_BYTES);
  return environment;
}

function variablesOf(record: MessageLine): Map<string, string> {
  const { body: _body, raw: _raw, ...line } = record;
  const variables = new Map<string, string>([["C2D_DEVICE_ID", record.deviceId]]);
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined && !variables.has(name)) variables.set(name, value);
  };
  add("C2D_MESSAGE_ID", record.messageId);
  add("C2D_CORRELATION_ID", record.correlationId);
  add("C2D_CONTENT_TYPE", record.contentType);
  for (const [name, value] of Object.entries(record.properties)) {
    add(toVariableName(name), value ?? "");
  }
  add("C2D_MESSAGE", formatJsonLine(line).trimEnd());
  return variables;
}

function toVariableName(property: string): string {
  return PROPERTY_PREFIX + property.toUpperCase().replace(/[^A-Z0-9_]/gu, "_");
}
