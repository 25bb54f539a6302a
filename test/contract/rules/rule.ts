import type { LocalHubOptions } from "../../../src/hub/local-hub-options.ts";
import type { Capability } from "../driver.ts";
import type { Fixture } from "../fixture.ts";

export interface RuleNeeds {
  /** A driver without these has no such rule. */
  readonly can?: readonly Capability[];
  /** A driver with one of these has no such rule. */
  readonly cannot?: readonly Capability[];
  /** Turns the clock or changes the hub's settings: skipped where time passes by itself. */
  readonly isLocal?: boolean;
  readonly hub?: LocalHubOptions;
}

/** Defines one expectation; the title states it. */
export type DefineRule = (
  title: string,
  needs: RuleNeeds,
  run: (fixture: Fixture) => Promise<void>,
) => void;
