import { mqttDriver } from "./drivers/mqtt-driver.ts";
import { localTarget } from "./hub-under-test.ts";
import { describeLifecycle } from "./lifecycle.ts";

describeLifecycle(mqttDriver, localTarget);
