#!/usr/bin/env node
import { main } from '../dist/bundle/main.js';

process.exitCode = await main(process.argv.slice(2));
// Everything is written by now. A socket or thread that somebody left open must not keep the caller waiting.
setTimeout(() => process.exit(), 500).unref();
