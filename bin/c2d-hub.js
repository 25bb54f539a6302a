#!/usr/bin/env node
import { main } from "../dist/c2d-hub.js";

await main();
