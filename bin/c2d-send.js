#!/usr/bin/env -S node --
import { main } from "../dist/cli/send/main.js";

await main();
