/** The registry of analyzers: one line each. */
export { accountsFirstBoot } from './accounts/first-boot.ts';
export { accountsPasswords } from './accounts/passwords.ts';
export { accountsPrivileges } from './accounts/privileges.ts';
export { accountsUsers } from './accounts/users.ts';
export { binariesHardening } from './binaries/hardening.ts';
export { bootLoaders } from './boot/loader.ts';
export { filesInventory } from './files/inventory.ts';
export { filesMounts } from './files/mounts.ts';
export { filesPermissions } from './files/permissions.ts';
export { kernelBuild } from './kernel/build.ts';
export { kernelSysctls } from './kernel/sysctl.ts';
export { keysCertificates } from './keys/certificates.ts';
export { keysPrivateKeys } from './keys/private-keys.ts';
export { servicesSettings } from './services/settings.ts';
export { servicesStart } from './services/start.ts';
export { updatesClient } from './updates/client.ts';
