/** The registry of keywords: one line each. */
export { afterJudgement } from './after-judgement.ts';
export { beforeJudgement } from './before-judgement.ts';
export { entropyAtLeast } from './entropy-at-least.ts';
export { listedIn } from './listed-in.ts';
export { strengthAtLeast } from './strength-at-least.ts';
export { tlsAtLeast } from './tls-at-least.ts';
export { versionAtLeast } from './version-at-least.ts';
export { weakHash } from './weak-hash.ts';
export { withinDays } from './within-days.ts';
