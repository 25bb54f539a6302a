import { isReservedName, setProperty } from "../../core/message.ts";
import { UsageError } from "../terminal/usage-error.ts";

export type Properties = Readonly<Record<string, string>>;

export interface ParsedProperties {
  readonly properties: Properties;
  readonly warnings: readonly string[];
}

/**
 * `--properties` in az's form, then each `--property`.
 *
 * @throws UsageError for a part without `=`, an empty, reserved or repeated name.
 */
export function parseProperties(
  pairs: readonly string[] = [],
  bag: string | undefined = undefined,
): ParsedProperties {
  const properties: Record<string, string> = {};
  const warnings: string[] = [];
  for (const part of bag === undefined ? [] : splitBag(bag)) add(properties, "--properties", part);
  for (const pair of pairs) {
    const [name, value] = add(properties, "--property", pair);
    if (!/;[^;=\s]+=/.test(value)) continue;
    warnings.push(
      `--property ${name}: the value contains ";…=", as in az's list form; for several properties use --properties`,
    );
  }
  return { properties, warnings };
}

/** `a=b;c=d`; `\;` is a literal semicolon, and a trailing one is allowed. */
function splitBag(bag: string): string[] {
  const parts = bag.split(/(?<!\\);/).map((part) => part.replaceAll("\\;", ";"));
  if (parts.at(-1) === "") parts.pop();
  return parts;
}

function add(target: Record<string, string>, flag: string, pair: string): [string, string] {
  const [name, value] = splitPair(flag, pair);
  validateUnreserved(flag, name);
  if (Object.hasOwn(target, name)) {
    throw new UsageError(`${flag}: '${name}' is given twice`, "Give each name once.");
  }
  setProperty(target, name, value);
  return [name, value];
}

/** @throws UsageError */
export function splitPair(flag: string, pair: string): [name: string, value: string] {
  const equals = pair.indexOf("=");
  if (equals < 0) {
    throw new UsageError(
      `${flag}: '${pair}' has no '='`,
      "Use name=value; name= gives an empty value.",
    );
  }
  if (equals === 0) throw new UsageError(`${flag}: the name before '=' is empty`);
  return [pair.slice(0, equals), pair.slice(equals + 1)];
}

function validateUnreserved(flag: string, name: string): void {
  if (!isReservedName(name)) return;
  throw new UsageError(
    `${flag}: the name '${name}' is reserved by IoT Hub`,
    "System properties have their own flags: --message-id, --content-type, …",
  );
}
