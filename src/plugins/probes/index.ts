/** The registry of probes: one line each. */
export { ftpAccessProbe } from './ftp/access.ts';
export { mqttAccessProbe } from './mqtt/access.ts';
export { mqttSubscriptionProbe } from './mqtt/subscription.ts';
export { sshAlgorithms } from './ssh/algorithms.ts';
export { sshAuthenticationProbe } from './ssh/authentication.ts';
export { sshDhGroups } from './ssh/dh-groups.ts';
export { sshHostKeys } from './ssh/host-keys.ts';
export { telnetSessionProbe } from './telnet/session.ts';
