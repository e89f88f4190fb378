import { expect, test } from 'vitest';
import { FaultError, faultOf } from '../../src/lib/fault.ts';

test('what this machine ran out of is no bug', () => {
  const thrown = (code: string, syscall: string) => Object.assign(new Error(code), { code, syscall });
  expect(faultOf(thrown('ENOSPC', 'write'))).toEqual({
    kind: 'over-budget',
    message: 'the disk of this machine is full (ENOSPC)',
  });
  expect(faultOf(thrown('EMFILE', 'open'))).toMatchObject({ kind: 'over-budget' });
  expect(faultOf(thrown('EACCES', 'mkdtemp'))).toMatchObject({ kind: 'unreadable' });
  expect(faultOf(thrown('EACCES', 'open'))).toMatchObject({ kind: 'bug' });
});

test('a fault is itself, an abort was stopped, and all else is a bug', () => {
  expect(faultOf(new FaultError('closed', 'gone'))).toEqual({ kind: 'closed', message: 'gone' });
  expect(faultOf(Object.assign(new Error('x'), { name: 'AbortError' }))).toMatchObject({ kind: 'stopped' });
  expect(faultOf(new TypeError('x'))).toEqual({ kind: 'bug', message: 'TypeError: x' });
  expect(faultOf('x')).toEqual({ kind: 'bug', message: 'x' });
});
