/** The registry of analyzers: one line each. */
export { binariesHardening } from './binaries/hardening.ts';
export { filesInventory } from './files/inventory.ts';
export { filesMounts } from './files/mounts.ts';
export { filesPermissions } from './files/permissions.ts';
export { kernelBuild } from './kernel/build.ts';
export { kernelSysctls } from './kernel/sysctl.ts';
export { servicesStart } from './services/start.ts';
