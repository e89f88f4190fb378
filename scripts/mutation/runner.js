/**
 * A test runner for Stryker that starts the tests and what they test afresh for each mutant, within one process: some ten milliseconds, where
 * vitest needs a second or two. No state of a module outlives a mutant; only packages stay loaded.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { constants, Script } from 'node:vm';
import { expect } from 'vitest';
import { bundleTests } from './bundle.js';

const require = createRequire(import.meta.url);

globalThis.__stryker__ ??= {};

class Runner {
  #start;
  /** Where the mutated code asks which mutant is active, and notes what was reached. */
  #stryker = globalThis.__stryker__;
  /** What each test took when last run: quick ones go first, for the first that fails ends the mutant. */
  #took = new Map();

  capabilities() {
    return { reloadEnvironment: true };
  }

  async init() {
    const path = resolve(`tests-${process.pid}.cjs`);
    await bundleTests(path);
    const text = readFileSync(path, 'utf8');
    this.#start = new Script(`(function (require, exports, module) {${text}\n})`, {
      filename: path,
      importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    }).runInThisContext();
  }

  /** The tests of a fresh start of all modules. */
  async #load() {
    const found = { tests: [], suites: [], after: [], file: '', path: [] };
    globalThis.underMutation = { expect, found };
    this.#start(require, {}, {});
    for (let suite = found.suites.shift(); suite !== undefined; suite = found.suites.shift()) {
      found.file = suite.file;
      found.path = suite.path;
      await suite.body();
    }
    found.tests.forEach((test, index) => {
      test.id = `${test.file}#${index} ${test.name}`;
    });
    return found;
  }

  async #run(found, wanted, bail) {
    const results = [];
    try {
      const tests = found.tests.filter(({ id }) => wanted === undefined || wanted.has(id));
      for (const test of tests.sort((a, b) => (this.#took.get(a.id) ?? 0) - (this.#took.get(b.id) ?? 0))) {
        const result = await this.#runOne(test);
        results.push(result);
        if (bail && result.failureMessage !== undefined) break;
      }
    } finally {
      for (const tidy of found.after) tidy();
    }
    return results;
  }

  async #runOne({ id, name, file, run }) {
    const told = { id, name, fileName: resolve(file) };
    this.#stryker.currentTestId = id;
    const started = performance.now();
    let outcome = { status: 0 };
    try {
      await run();
    } catch (thrown) {
      outcome = { status: 1, failureMessage: String(thrown?.stack ?? thrown) };
    }
    this.#stryker.currentTestId = undefined;
    const timeSpentMs = performance.now() - started;
    this.#took.set(id, timeSpentMs);
    return { ...told, ...outcome, timeSpentMs };
  }

  async dryRun() {
    this.#stryker.activeMutant = undefined;
    const tests = await this.#run(await this.#load(), undefined, false);
    return { status: 'complete', tests, mutantCoverage: this.#stryker.mutantCoverage };
  }

  async mutantRun({ testFilter, hitLimit, activeMutant, mutantActivation, disableBail }) {
    this.#stryker.hitLimit = hitLimit;
    this.#stryker.hitCount = 0;
    this.#stryker.activeMutant = mutantActivation === 'static' ? activeMutant.id : undefined;
    try {
      const found = await this.#load();
      this.#stryker.activeMutant = activeMutant.id;
      const wanted = testFilter === undefined ? undefined : new Set(testFilter);
      const results = await this.#run(found, wanted, !disableBail);
      if (hitLimit !== undefined && this.#stryker.hitCount > hitLimit)
        return { status: 'timeout', reason: 'hit limit' };
      const killers = results.filter(({ failureMessage }) => failureMessage !== undefined);
      return killers.length === 0
        ? { status: 'survived', nrOfTests: results.length }
        : {
            status: 'killed',
            killedBy: killers.map(({ id }) => id),
            failureMessage: killers[0].failureMessage,
            nrOfTests: results.length,
          };
    } catch (thrown) {
      return { status: 'error', errorMessage: String(thrown?.stack ?? thrown) };
    } finally {
      this.#stryker.activeMutant = undefined;
    }
  }
}

export const strykerPlugins = [{ kind: 'TestRunner', name: 'afresh', injectableClass: Runner }];
