/** `assay.yaml` in the working directory: options that need not be typed. Flags win. */
import { existsSync } from 'node:fs';
import { readDocument } from '../core/baseline/document.ts';
import { nearest } from '../core/baseline/nearest.ts';
import { type Place, type Problem, UsageError } from '../lib/fault.ts';
import { gatherOptions, judgeOptions, type RawOptions } from './options.ts';

export const PROJECT_FILE = 'assay.yaml';

/** Options that a project may set, as written in the file (`credential-tries`). */
const KEYS = [
  'name',
  'tester',
  'device',
  'firmware',
  'update',
  'declaration',
  'baseline',
  'report',
  'ports',
  'pace',
  'state',
  'credentials',
  'credential-tries',
  'intrusive',
  'authorized',
  'ca',
  'key',
  'waivers',
  'update-url',
  'crack-seconds',
  'fail-on',
  'strict',
  'against',
] as const;

/** The options of the project file under commander's names; nothing where there is none. Throws UsageError for every wrong line. */
export async function readProjectFile(path: string = PROJECT_FILE): Promise<RawOptions> {
  if (!existsSync(path)) return {};
  const document = await readDocument(path);
  if (typeof document.value !== 'object' || document.value === null || Array.isArray(document.value))
    throw new UsageError({ message: 'it holds no options', at: { file: path, line: 1, column: 1 } });
  const problems: Problem[] = [];
  const options: { [name: string]: unknown } = {};
  for (const [key, value] of Object.entries(document.value)) {
    if ((KEYS as readonly string[]).includes(key)) {
      options[camel(key)] = value;
      problems.push(...wrongValue(camel(key), value, document.place([key])));
    } else {
      const hint = nearest(key, KEYS);
      problems.push({
        message: `there is no option '${key}'`,
        at: document.place([key], true),
        ...(hint === undefined ? {} : { hint }),
      });
    }
  }
  if (problems.length > 0) throw new UsageError(problems);
  return options;
}

/** A value is held against its option here, where its place is known. */
function wrongValue(name: string, value: unknown, at: Place): readonly Problem[] {
  try {
    gatherOptions({ [name]: value });
    judgeOptions({ [name]: value });
    return [];
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.problems.map(({ message, hint }) => ({
      message: message.replace(/^--/, ''),
      at,
      ...(hint === undefined ? {} : { hint }),
    }));
  }
}

const camel = (key: string): string => key.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
