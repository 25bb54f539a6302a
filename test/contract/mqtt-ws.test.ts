import { mqttWsDriver } from "./drivers/mqtt-ws-driver.ts";
import { localTarget } from "./hub-under-test.ts";
import { describeLifecycle } from "./lifecycle.ts";

describeLifecycle(mqttWsDriver, localTarget);
