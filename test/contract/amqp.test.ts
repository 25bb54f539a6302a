import { amqpDriver } from "./drivers/amqp-driver.ts";
import { localTarget } from "./hub-under-test.ts";
import { describeLifecycle } from "./lifecycle.ts";

describeLifecycle(amqpDriver, localTarget);
