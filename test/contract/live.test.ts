import { describe, it } from "vitest";
import { amqpDriver } from "./drivers/amqp-driver.ts";
import { amqpWsDriver } from "./drivers/amqp-ws-driver.ts";
import { httpsDriver } from "./drivers/https-driver.ts";
import { mqttDriver } from "./drivers/mqtt-driver.ts";
import { mqttSdkDriver } from "./drivers/mqtt-sdk-driver.ts";
import { mqttWsDriver } from "./drivers/mqtt-ws-driver.ts";
import { liveTarget } from "./hub-under-test.ts";
import { describeLifecycle } from "./lifecycle.ts";

const connectionString = process.env.C2D_LIVE_CONNECTION_STRING;

const drivers = [mqttDriver, mqttSdkDriver, mqttWsDriver, amqpDriver, amqpWsDriver, httpsDriver];

if (connectionString) {
  for (const driver of drivers) {
    describeLifecycle(driver, liveTarget(connectionString));
  }
} else {
  process.stderr.write(
    "SKIPPED: the contract suite did not run against Azure; set C2D_LIVE_CONNECTION_STRING to an iothubowner connection string.\n",
  );
  describe("the live hub", () => {
    it.skip("runs when C2D_LIVE_CONNECTION_STRING is set", () => {});
  });
}
