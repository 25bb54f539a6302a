#!/usr/bin/env node
import { main } from "../dist/c2d-send.js";

await main();
