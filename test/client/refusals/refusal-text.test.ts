/** The hub's own words in an error. */

import { expect, test } from "vitest";
import { refusalToOwner } from "../../../src/client/refusals/http-refusal.ts";
import { toHubRefusal } from "../../../src/client/refusals/hub-refusal.ts";
import { HttpRefusalError } from "../../../src/client/sdk/device/http-refusal-error.ts";

test.each([
  ["The hub has no device 'nope'.", "The hub has no device 'nope'."],
  ["This hub is not other.example.", "This hub is not other.example."],
  ["Device not found", "The hub refused: Device not found"],
  ["The hubcap is loose.", "The hub refused: The hubcap is loose."],
  ["", "The hub refused: DeviceNotFound"],
])("over AMQP, %j is %j", (description, message) => {
  const refusal = toHubRefusal({ condition: "amqp:not-found", description });
  expect(refusal).toMatchObject({ name: "DeviceNotFound", message });
});

test.each([
  ["The hub has no device 'nope'.", "The hub has no device 'nope' (HTTP 404)."],
  ["Device not found", "The hub refused: Device not found (HTTP 404)."],
  ["", "The hub refused: DeviceNotFound (HTTP 404)."],
])("over HTTPS, %j is %j", (text, message) => {
  const body = Buffer.from(JSON.stringify({ Message: `ErrorCode:DeviceNotFound;${text}` }));
  const refusal = refusalToOwner(
    new HttpRefusalError({ status: 404, rawHeaders: [], body }, new Error()),
  );
  expect(refusal).toMatchObject({ name: "DeviceNotFound", message });
});
