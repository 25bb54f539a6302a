/** The service has no filter: events are selected here. */

import type { ReceivedEvent } from "../../../client/events/received-event.ts";
import type { NamedDevice } from "../../../config/hub-config.ts";
import { splitPair } from "../../message/property-flags.ts";
import { escapeLine } from "../../terminal/escape.ts";
import { UsageError } from "../../terminal/usage-error.ts";
import { compileWildcard, literalOf } from "../../text/wildcard.ts";

type WantedProperties = ReadonlyMap<string, string>;

/** @throws UsageError for a part without `=`, an empty name, or a name that is given twice. */
export function parseWantedProperties(pairs: readonly string[] = []): WantedProperties {
  const wanted = new Map<string, string>();
  for (const pair of pairs) {
    const [name, value] = splitPair("--property", pair);
    if (wanted.has(name)) {
      throw new UsageError(
        `--property: '${name}' is given twice`,
        "Give each name once: an event must have all of the properties.",
      );
    }
    wanted.set(name, value);
  }
  return wanted;
}

export class EventFilter {
  readonly #device: NamedDevice | undefined;
  readonly #isWantedId: (deviceId: string) => boolean;
  readonly #properties: WantedProperties;

  constructor(device: NamedDevice | undefined, properties: WantedProperties) {
    this.#device = device;
    this.#isWantedId = compileWildcard(device?.deviceId ?? "*");
    this.#properties = properties;
  }

  matches({ deviceId, properties }: ReceivedEvent): boolean {
    if (this.#device && (deviceId === undefined || !this.#isWantedId(deviceId))) return false;
    // A name without a value, which only MQTT has, counts as one with an empty value.
    return [...this.#properties].every(
      ([name, value]) => Object.hasOwn(properties, name) && (properties[name] ?? "") === value,
    );
  }

  /** "events from device device1 (--device-id) with level=alarm". */
  describe(): string {
    const pairs = [...this.#properties].map(([name, value]) => `${name}=${value}`);
    const withPairs = pairs.length === 0 ? "" : ` with ${pairs.join(" and ")}`;
    return escapeLine(`events from ${this.#describeDevices()}${withPairs}`);
  }

  #describeDevices(): string {
    if (!this.#device) return "all devices";
    const { deviceId, from } = this.#device;
    const literal = literalOf(deviceId);
    return `${literal === undefined ? `devices ${deviceId}` : `device ${literal}`} (${from})`;
  }
}
