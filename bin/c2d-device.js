#!/usr/bin/env node
import { main } from "../dist/c2d-device.js";

await main();
