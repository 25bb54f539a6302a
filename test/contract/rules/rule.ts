import type { LocalHubOptions } from "../../../src/hub/local-hub-options.ts";
import type { Capability } from "../driver.ts";
import type { Fixture } from "../fixture.ts";

export interface RuleNeeds {
  /** The rule is skipped for drivers without these capabilities. */
  readonly can?: readonly Capability[];
  /** Advances the clock or changes the hub's settings: skipped on a real hub. */
  readonly isLocal?: boolean;
  readonly hub?: LocalHubOptions;
}

/** Defines one expectation; the title states it. */
export type DefineRule = (
  title: string,
  needs: RuleNeeds,
  run: (fixture: Fixture) => Promise<void>,
) => void;
