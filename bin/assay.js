#!/usr/bin/env node
import { main } from '../dist/bundle/main.js';

process.exitCode = await main(process.argv.slice(2));
// A timer, socket or thread that somebody left open must not keep the caller waiting; what was written must be out.
const written = (stream) => new Promise((resolve) => stream.write('', resolve));
await Promise.all([process.stdout, process.stderr].map(written));
process.exit();
