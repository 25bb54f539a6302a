import { httpsDriver } from "./drivers/https-driver.ts";
import { localTarget } from "./hub-under-test.ts";
import { describeLifecycle } from "./lifecycle.ts";

describeLifecycle(httpsDriver, localTarget);
