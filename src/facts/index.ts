/** The vocabulary: every fact type that gatherers emit and conditions read, one line each. */
export { accountAuthorizedKey, accountFirstBoot, accountPassword, accountPrivilege, accountUser } from './account.ts';
export {
  agreementAccount,
  agreementCryptography,
  agreementFeature,
  agreementKey,
  agreementListener,
  agreementLogin,
  agreementTakenLogin,
  agreementTrustedKey,
} from './agreement.ts';
export { binaryHardening, binaryTool, fileLeftover, fileMount, filePermission } from './binary.ts';
export {
  declaredAccount,
  declaredAnswer,
  declaredCryptography,
  declaredDisclosure,
  declaredFeature,
  declaredKey,
  declaredListener,
  declaredLogin,
  declaredSupport,
  declaredTable,
} from './declaration.ts';
export {
  httpAuthentication,
  httpCookie,
  httpCors,
  httpDirectoryListing,
  httpExposedPath,
  httpHeaders,
  httpHnap,
  httpMethod,
  httpService,
  upnpDevice,
} from './http.ts';
export {
  fileInventory,
  imageContainer,
  imageCoverage,
  imageEncryption,
  imageIdentity,
  imageRegion,
  imageRoot,
} from './image.ts';
export {
  certificateLifetime,
  certificateSupport,
  featurePresent,
  identitySameBuild,
  keyServed,
  keyShared,
  serviceJoined,
} from './joined.ts';
export {
  bootConsole,
  bootEnvironment,
  bootLoader,
  bootVerification,
  kernelCommandLine,
  kernelModule,
  kernelOption,
  kernelSetting,
  kernelSysctl,
  kernelVersion,
} from './kernel.ts';
export {
  keyCertificate,
  keyDhParameters,
  keyPrivate,
  keyTrustStore,
  secretSymmetric,
  secretToken,
  secretUrl,
  secretWifi,
} from './key.ts';
export { loginDefault, loginOpen, loginShared, loginSurface, loginThrottling } from './login.ts';
export { netAccess, netDisclosure, netHealth, netHost, netIdentity, netPort, netService, netSweep } from './net.ts';
export {
  coapResource,
  cwmpAccess,
  debugAccess,
  dnsResolver,
  ftpAccess,
  mdnsService,
  mqttAccess,
  mqttSubscription,
  ntpMode,
  rtspAccess,
  snmpAccess,
  ssdpAnswer,
  telnetSession,
  tftpFile,
  vncSecurity,
} from './protocol.ts';
export {
  serviceEndpointUrl,
  serviceFirewall,
  serviceLogging,
  serviceScript,
  serviceSetting,
  serviceStart,
  updateClient,
  updateClientSetting,
  updateRollback,
  updateSlot,
  updateTlsSetting,
  updateTrustedKey,
} from './service.ts';
export { sshAlgorithm, sshAuthentication, sshDhGroup, sshHostKey, sshProtocol, sshTerrapin } from './ssh.ts';
export {
  tlsCertificate,
  tlsChain,
  tlsCipher,
  tlsConfiguration,
  tlsDhParameters,
  tlsGroup,
  tlsKnownKey,
  tlsProtocol,
  tlsSignatureAlgorithm,
  tlsVulnerability,
} from './tls.ts';
export {
  updateArtefact,
  updateCoverage,
  updateIntegrity,
  updateSignature,
  updateSigned,
  updateTransport,
  updateVersion,
} from './update.ts';
