/** What is wrong with the demo device and its image, each with the checks that tell it. */

export interface Fault {
  readonly what: string;
  /** At least one of these must fail; none but these may. */
  readonly checks: readonly string[];
}

export const FAULTS: readonly Fault[] = [
  {
    what: 'the web server takes admin/admin',
    checks: ['credentials/no-default-login', 'credentials/no-default-login-once-initialised'],
  },
  { what: 'logins travel in clear over HTTP and Telnet', checks: ['http/login-inside-tls', 'credentials/encrypted'] },
  { what: 'pages are served over plain HTTP', checks: ['services/no-plain-http', 'services/no-cleartext'] },
  { what: 'Telnet listens', checks: ['services/no-telnet'] },
  { what: 'SSH listens, of 2014', checks: ['services/no-ssh', 'services/no-version-disclosure'] },
  {
    what: 'SSH offers group1, 3DES, MD5 and SHA-1',
    checks: [
      'ssh/no-broken-algorithm',
      'ssh/no-sha1-or-md5',
      'ssh/no-small-group',
      'ssh/no-weak-algorithm',
      'ssh/dh-group-size',
      'ssh/no-terrapin',
    ],
  },
  { what: 'the SSH host key is RSA with 1024 bits', checks: ['ssh/host-rsa-size'] },
  {
    what: 'anybody may use the MQTT broker, in clear',
    checks: ['mqtt/no-anonymous', 'mqtt/no-open-topics', 'mqtt/tls', 'credentials/no-open-access'],
  },
  { what: 'the certificate ended in 2019', checks: ['certificates/in-date'] },
  {
    what: 'the certificate has an RSA key of 1024 bits, signed with SHA-1',
    checks: ['certificates/rsa-size', 'certificates/signature-hash'],
  },
  { what: 'TLS 1.0 is taken', checks: ['tls/no-legacy-version', 'tls/no-known-vulnerability'] },
  {
    what: 'old and anonymous suites are taken',
    checks: [
      'tls/no-null-or-anonymous-suite',
      'tls/no-sha1-mac',
      'tls/handshake-signature',
      'tls/forward-secrecy',
      'tls/no-broken-encryption',
      'tls/dh-size',
      'tls/encryption-strength',
      'tls/fallback-protected',
    ],
  },
  {
    what: 'the key that the device serves lies in its image',
    checks: [
      'certificates/not-in-image',
      'keys/no-private-key',
      'keys/not-readable-by-others',
      'keys/rsa-size',
      'keys/no-weakness',
    ],
  },
  {
    what: 'the certificate in the image is old and weak too',
    checks: [
      'keys/certificate-size',
      'keys/certificate-hash',
      'keys/certificate-in-date',
      'keys/no-certificate-with-its-key',
    ],
  },
  {
    what: 'root has the password admin, hashed with MD5',
    checks: ['accounts/no-shared-password', 'accounts/no-known-password', 'accounts/strong-hash'],
  },
  { what: 'the serial console gives a shell', checks: ['boot/no-serial-shell', 'boot/no-serial-login'] },
  { what: 'telnetd is started', checks: ['start/no-insecure-service'] },
  { what: 'lighttpd keeps running as root', checks: ['config/web-server-drops-root', 'start/listeners-drop-root'] },
  { what: 'mosquitto lets anybody in, in clear', checks: ['config/no-anonymous', 'config/tls'] },
  { what: 'addresses are not randomised', checks: ['kernel/address-randomisation'] },
  { what: 'the kernel is 4.9', checks: ['kernel/supported'] },
  { what: 'programs are not position-independent', checks: ['binaries/position-independent'] },
  { what: 'programs have an executable stack', checks: ['binaries/no-executable-stack'] },
  { what: 'programs have no stack protector', checks: ['binaries/stack-protector'] },
  { what: 'programs carry symbols', checks: ['binaries/stripped'] },
  {
    what: 'updates come over plain HTTP',
    checks: ['updates/client-transport', 'endpoints/no-cleartext', 'endpoints/no-cleartext-login'],
  },
  {
    what: 'the updater does not verify its server',
    checks: ['updates/updater-verifies-server', 'updates/certificates-verified'],
  },
];
