import type { DeliverySettlement } from "../../../client/connection/device-connection.ts";
import { escapeLine } from "../../terminal/escape.ts";
import type { Reporter } from "../../terminal/reporter.ts";

const OUTCOMES: Readonly<Record<DeliverySettlement, string>> = {
  complete: "acknowledged",
  abandon: "returned to the queue",
  reject: "rejected",
  none: "kept",
};

const REASONS: Readonly<Record<string, string>> = {
  ConnectionLost: "the connection was lost",
  DeviceMessageLockLost: "its lock had expired",
};

/** Warns of settlements that failed, once for each cause: a lost connection may concern many. */
export class SettlementWarnings {
  readonly #reporter: Pick<Reporter, "warn" | "detail">;
  readonly #warned = new Set<string>();

  constructor(reporter: Pick<Reporter, "warn" | "detail">) {
    this.#reporter = reporter;
  }

  report(error: unknown, settlement: DeliverySettlement): void {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    const reason = REASONS[name] ?? escapeLine(message);
    const text = `a message could not be ${OUTCOMES[settlement]}: ${reason}; the hub delivers it again`;
    if (this.#warned.has(name)) this.#reporter.detail(text);
    else this.#reporter.warn(text);
    this.#warned.add(name);
  }

  /** For another connection. */
  reset(): void {
    this.#warned.clear();
  }
}
