/** The registry of derivers: one line each. */
export { certificatesLifetime } from './certificates/lifetime.ts';
export { certificatesSupport } from './certificates/support.ts';
export { declaredAccounts } from './declared/accounts.ts';
export { declaredCryptographies } from './declared/cryptography.ts';
export { declaredFeatures } from './declared/features.ts';
export { declaredListeners } from './declared/listeners.ts';
export { declaredLogins } from './declared/logins.ts';
export { declaredTakenLogins } from './declared/taken-logins.ts';
export { declaredTrustedKeys } from './declared/trusted-keys.ts';
export { declaredUpdateKeys } from './declared/update-keys.ts';
export { keysLoginsBetweenUnits } from './keys/logins-between-units.ts';
export { keysServedFromImage } from './keys/served-from-image.ts';
export { keysSharedBetweenUnits } from './keys/shared-between-units.ts';
export { productFeatures } from './product/features.ts';
export { productSameBuild } from './product/same-build.ts';
export { servicesJoined } from './services/joined.ts';
