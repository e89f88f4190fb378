/** Loaded before a program (`node --import`): counts what each thread reads of unpacked content, in a file of a line for each thread (COUNT_READS). */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { threadId } from 'node:worker_threads';

const LINE = 16;
/** Where unpacked content lies: the private folder of an image. */
const CONTENT = /\/assay-[^/-]{6}\/(streams|places)\b/;
const { readSync, readlinkSync, openSync, writeSync, closeSync } = fs;
const counts = openSync(process.env.COUNT_READS, fs.constants.O_CREAT | fs.constants.O_RDWR, 0o600);
let bytes = 0;

fs.readSync = (descriptor, ...rest) => {
  const got = readSync(descriptor, ...rest);
  // A number may be another file's by now: it is looked up each time.
  if (CONTENT.test(readlinkSync(`/proc/self/fd/${descriptor}`))) {
    bytes += got;
    writeSync(counts, `${bytes}`.padStart(LINE - 1).concat('\n'), threadId * LINE);
  }
  return got;
};
fs.closeSync = (descriptor) => {
  if (descriptor !== counts) closeSync(descriptor);
};
syncBuiltinESMExports();
