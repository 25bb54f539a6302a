#!/usr/bin/env node
import { main } from "../dist/cli/send/main.js";

await main();
