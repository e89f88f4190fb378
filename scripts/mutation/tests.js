/** What the tests import as `vitest` under mutation testing: it notes the tests, and `runner.js` runs them. */
import fc from 'fast-check';

/** Set by the runner anew for each start. */
const { expect, found } = globalThis.underMutation;

const add = (name, run) => found.tests.push({ file: found.file, name: [...found.path, name].join(' › '), run });

function each(register) {
  return (rows) => (name, body) => {
    for (const row of rows) {
      const values = Array.isArray(row) ? row : [row];
      register(`${name} ${found.tests.length}`, () => body(...values));
    }
  };
}

/** `property.prop([…], parameters)('name', body)` of `@fast-check/vitest`. */
const prop = (values, parameters) => (name, body) =>
  add(name, () =>
    fc.assert(
      fc.asyncProperty(...values, async (...drawn) => body(...drawn)),
      parameters,
    ),
  );

export const test = Object.assign(add, { each: each(add), prop });

/** The body may wait for something, so it is the runner that starts it. */
export const describe = (name, body) => found.suites.push({ file: found.file, path: [...found.path, name], body });

export const afterAll = (tidy) => found.after.push(tidy);

/** Said by `bundle.js` at the head of each file of tests. */
export const inFile = (file) => {
  found.file = file;
};

export { expect, fc };
