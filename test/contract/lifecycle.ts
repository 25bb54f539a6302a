/** The suite of rules for the message lifecycle, for every protocol. */

import { describe, it } from "vitest";
import type { DeviceDriver } from "./driver.ts";
import { Fixture } from "./fixture.ts";
import type { Target } from "./hub-under-test.ts";
import { contentRules } from "./rules/content-rules.ts";
import { expiryRules } from "./rules/expiry-rules.ts";
import { feedbackRules } from "./rules/feedback-rules.ts";
import { identityRules } from "./rules/identity-rules.ts";
import { queueRules } from "./rules/queue-rules.ts";
import type { DefineRule, RuleNeeds } from "./rules/rule.ts";
import { settlementRules } from "./rules/settlement-rules.ts";

export function describeLifecycle(driver: DeviceDriver, target: Target): void {
  const rule: DefineRule = (title, needs, run) => {
    if (!supports(driver, needs)) return;
    const define = needs.isLocal && target.isLive ? it.skip : it;
    define(title, { timeout: target.timeoutMs }, async () => {
      const fixture = await Fixture.create(await target.open(needs.hub), driver);
      try {
        await run(fixture);
      } finally {
        await fixture.dispose();
      }
    });
  };
  describe(`a device on ${driver.name}, ${target.name}`, () => {
    settlementRules(rule);
    expiryRules(rule);
    queueRules(rule);
    contentRules(rule);
    feedbackRules(rule);
    identityRules(rule);
  });
}

function supports({ capabilities }: DeviceDriver, { can = [] }: RuleNeeds): boolean {
  return can.every((one) => capabilities[one]);
}
