/** The worker pool with the jobs that plug-ins may call. */
import { FaultError } from '../lib/fault.ts';
import { jobUrls } from './jobs.ts';

export interface Jobs {
  run(name: string, input: unknown, transfer?: readonly ArrayBuffer[]): Promise<unknown>;
  close(): Promise<void>;
}

export async function openPool(): Promise<Jobs> {
  const urls = jobUrls();
  return {
    run: async (name) => {
      throw new FaultError('unsupported', `there is no job ${name} among ${Object.keys(urls).length}`);
    },
    close: async () => {},
  };
}
