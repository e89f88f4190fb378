/** The registry of probes: one line each. */
export { sshAlgorithms } from './ssh/algorithms.ts';
export { sshAuthenticationProbe } from './ssh/authentication.ts';
export { sshDhGroups } from './ssh/dh-groups.ts';
export { sshHostKeys } from './ssh/host-keys.ts';
