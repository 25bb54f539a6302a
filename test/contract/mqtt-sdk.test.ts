import { mqttSdkDriver } from "./drivers/mqtt-sdk-driver.ts";
import { localTarget } from "./hub-under-test.ts";
import { describeLifecycle } from "./lifecycle.ts";

describeLifecycle(mqttSdkDriver, localTarget);
