import { describe, expect, it } from "vitest";
import { HUB_ERRORS, HubError, type HubErrorName, toHubError } from "../../src/core/hub-error.ts";

const NAMES = Object.keys(HUB_ERRORS) as HubErrorName[];

describe("the catalogue", () => {
  it.each(NAMES)("%s has Azure's number, whose first digits are its HTTP status", (name) => {
    const error = new HubError(name, "why");
    expect(error.number).toBeGreaterThanOrEqual(400_000);
    expect(error.number).toBeLessThan(600_000);
    expect(error.httpStatus).toBe(Math.floor(error.number / 1000));
    expect(error.amqpCondition).toMatch(/^(amqp|com\.microsoft):[a-z:-]+$/);
    expect([4, 5, 6]).toContain(HUB_ERRORS[name].exitCode);
  });

  // Rules c2d-depth, c2d-unknown-device, c2d-lock-lost.
  it.each<[HubErrorName, number]>([
    ["DeviceMaximumQueueDepthExceeded", 403004],
    ["DeviceNotFound", 404001],
    ["DeviceMessageLockLost", 412002],
  ])("%s has the number %d", (name, number) => {
    expect(new HubError(name, "").number).toBe(number);
  });

  it("has no duplicate numbers", () => {
    const numbers = NAMES.map((name) => HUB_ERRORS[name].number);
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  it.each<[HubErrorName, string]>([
    ["DeviceNotFound", "amqp:not-found"],
    ["DeviceMaximumQueueDepthExceeded", "amqp:resource-limit-exceeded"],
    ["MessageTooLarge", "amqp:link:message-size-exceeded"],
    ["IotHubUnauthorized", "amqp:unauthorized-access"],
    ["ArgumentInvalid", "com.microsoft:argument-error"],
    ["DeviceMessageLockLost", "com.microsoft:message-lock-lost"],
    ["Throttling", "com.microsoft:device-container-throttled"],
    ["ServerError", "amqp:internal-error"],
  ])("%s has the AMQP condition %s that the SDKs expect", (name, condition) => {
    expect(new HubError(name, "").amqpCondition).toBe(condition);
  });
});

describe("toHubError", () => {
  it("turns any other error into a ServerError that hides its text and keeps it as the cause", () => {
    const cause = new TypeError("secret=abc");
    const error = toHubError(cause);
    expect(error.name).toBe("ServerError");
    expect(error.message).not.toContain("secret");
    expect(error.cause).toBe(cause);
  });

  it("returns a HubError unchanged", () => {
    const error = new HubError("DeviceNotFound", "x");
    expect(toHubError(error)).toBe(error);
  });
});
