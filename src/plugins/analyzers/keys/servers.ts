/** Servers and clients that hold private keys: in which settings they name them, and where they look by default. */
import type { Purpose } from './places.ts';

export interface Server {
  readonly daemon: string;
  readonly programs: readonly string[];
  readonly purpose: Purpose;
  readonly settings?: { readonly file: RegExp; readonly key: RegExp };
  /** Its configuration may carry the key itself. */
  readonly within?: RegExp;
  /** What it takes where nothing names a key. */
  readonly defaults?: RegExp;
  /** The option of a start line that replaces the default. */
  readonly option?: RegExp;
}

export const SERVERS: readonly Server[] = [
  {
    daemon: 'sshd',
    programs: ['sshd'],
    purpose: 'ssh-host',
    settings: { file: /^\/etc\/(ssh\/)?sshd_config(\.d\/[^/]+\.conf)?$/, key: /^hostkey$/i },
    defaults: /^\/etc\/ssh\/ssh_host_(rsa|ecdsa|ed25519)_key$/,
    option: /\s-h\s/,
  },
  {
    daemon: 'dropbear',
    programs: ['dropbear'],
    purpose: 'ssh-host',
    settings: { file: /^\/etc\/config\/dropbear$/, key: /^(rsakeyfile|keyfile|dsskeyfile)$/i },
    defaults: /^\/etc\/dropbear\/dropbear_(rsa|dss|ecdsa|ed25519)_host_key$/,
    option: /\s-r\s/,
  },
  {
    daemon: 'lighttpd',
    programs: ['lighttpd'],
    purpose: 'tls-server',
    settings: { file: /\/lighttpd[\w.-]*\.conf$|\/lighttpd\/.*\.conf$/, key: /^ssl\.(pemfile|privkey)$/i },
  },
  {
    daemon: 'nginx',
    programs: ['nginx'],
    purpose: 'tls-server',
    settings: { file: /\/nginx\/(.*\.conf|sites-enabled\/.*)$/, key: /^ssl_certificate_key$/ },
  },
  {
    daemon: 'apache',
    programs: ['apache2', 'httpd'],
    purpose: 'tls-server',
    settings: { file: /\/(apache2|httpd)\/.*\.conf$/, key: /^sslcertificate(key)?file$/i },
  },
  {
    daemon: 'uhttpd',
    programs: ['uhttpd'],
    purpose: 'tls-server',
    settings: { file: /^\/etc\/config\/uhttpd$/, key: /^key$/ },
  },
  {
    daemon: 'mini_httpd',
    programs: ['mini_httpd', 'thttpd'],
    purpose: 'tls-server',
    settings: { file: /\/(mini_|t)httpd[\w.-]*\.conf$/, key: /^certfile$/ },
  },
  {
    daemon: 'stunnel',
    programs: ['stunnel', 'stunnel4', 'stunnel5'],
    purpose: 'tls-server',
    settings: { file: /\/stunnel[\w./-]*\.conf$/, key: /^(key|cert)$/i },
  },
  {
    daemon: 'haproxy',
    programs: ['haproxy'],
    purpose: 'tls-server',
    settings: { file: /\/haproxy[\w.-]*\.cfg$/, key: /^crt$/ },
  },
  {
    daemon: 'mosquitto',
    programs: ['mosquitto'],
    purpose: 'tls-server',
    settings: { file: /\/mosquitto\/.*\.conf$|\/mosquitto[\w.-]*\.conf$/, key: /^keyfile$/ },
  },
  {
    daemon: 'vsftpd',
    programs: ['vsftpd'],
    purpose: 'tls-server',
    settings: { file: /\/vsftpd[\w.-]*\.conf$/, key: /^(rsa_private_key_file|dsa_private_key_file|rsa_cert_file)$/ },
  },
  {
    daemon: 'proftpd',
    programs: ['proftpd'],
    purpose: 'tls-server',
    settings: { file: /\/proftpd[\w./-]*\.conf$/, key: /^tls(rsa|ec|dsa)certificate(key)?file$|^sftphostkey$/i },
  },
  {
    daemon: 'hostapd',
    programs: ['hostapd'],
    purpose: 'tls-server',
    settings: { file: /\/hostapd[\w.-]*\.conf$/, key: /^private_key$/ },
  },
  {
    daemon: 'wpa_supplicant',
    programs: ['wpa_supplicant'],
    purpose: 'tls-client',
    settings: { file: /\/wpa_supplicant[\w./-]*\.conf$/, key: /^private_key2?$/ },
  },
  {
    daemon: 'openvpn',
    programs: ['openvpn'],
    purpose: 'vpn',
    settings: { file: /\/openvpn\/.*|\.ovpn$/, key: /^(key|pkcs12|secret|tls-auth|tls-crypt)$/ },
    within: /\.ovpn$|\/openvpn\/.*\.conf$/,
  },
  {
    daemon: 'wireguard',
    programs: ['wg-quick', 'wg'],
    purpose: 'vpn',
    within: /\/wireguard\/[\w-]+\.conf$/,
  },
];
