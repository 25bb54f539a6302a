import { amqpWsDriver } from "./drivers/amqp-ws-driver.ts";
import { localTarget } from "./hub-under-test.ts";
import { describeLifecycle } from "./lifecycle.ts";

describeLifecycle(amqpWsDriver, localTarget);
