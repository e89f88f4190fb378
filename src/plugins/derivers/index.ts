/** The registry of derivers: one line each. */
export { certificatesLifetime } from './certificates/lifetime.ts';
export { declaredAgreements } from './declared/agreement.ts';
export { keysServedFromImage } from './keys/served-from-image.ts';
export { keysSharedBetweenUnits } from './keys/shared-between-units.ts';
export { productFeatures } from './product/features.ts';
export { productSameBuild } from './product/same-build.ts';
export { servicesJoined } from './services/joined.ts';
