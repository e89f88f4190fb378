/** Runs in a worker thread: loads job modules as they are asked for, answers each request with its result or its fault. */
import { parentPort } from 'node:worker_threads';
import { faultOf } from '../../lib/fault.ts';
import type { Answer, JobModule, Request } from './messages.ts';

const modules = new Map<string, Promise<JobModule>>();

async function answer(request: Request): Promise<{ readonly answer: Answer; readonly transfer: ArrayBuffer[] }> {
  try {
    let module = modules.get(request.url);
    if (module === undefined) {
      module = import(request.url) as Promise<JobModule>;
      modules.set(request.url, module);
    }
    const { run, transfer = buffersOf } = await module;
    const result = await run(request.input);
    return { answer: { id: request.id, result }, transfer: transfer(result) };
  } catch (thrown) {
    return { answer: { id: request.id, fault: faultOf(thrown) }, transfer: [] };
  }
}

/** A result that is one array of its own is handed over instead of copied. */
function buffersOf(result: unknown): ArrayBuffer[] {
  if (!(result instanceof Uint8Array) || !(result.buffer instanceof ArrayBuffer)) return [];
  return result.byteLength === result.buffer.byteLength ? [result.buffer] : [];
}

parentPort?.on('message', async (request: Request) => {
  const { answer: said, transfer } = await answer(request);
  parentPort?.postMessage(said, transfer);
});
