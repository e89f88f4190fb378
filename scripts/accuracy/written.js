// How a fact is written in the labels of each analysis, and how what was told is held against what is labelled.

/** Servers whose start is counted. */
const SERVERS = new Set([
  'telnet',
  'ssh',
  'ftp',
  'tftp',
  'http',
  'mqtt',
  'snmp',
  'upnp',
  'dns',
  'dhcp',
  'smb',
  'cwmp',
  'adb',
]);
const isOpen = ({ state }) => state === 'usable' || state === 'empty';

/** Each gives the text of a fact, undefined where the analysis does not count it; `all` are the facts of the same image. */
export const WRITTEN = {
  passwords: ({ type, data }) =>
    type === 'account.password' && data.system && isOpen(data)
      ? `${data.file} ${data.account} ${data.state} ${data.password ?? '-'}`
      : undefined,
  stored: ({ type, data }) =>
    type === 'account.password' && !data.system && isOpen(data)
      ? `${data.file} ${data.account} ${data.state} ${data.scheme}`
      : undefined,
  logins: ({ type, data }) =>
    type === 'account.password' && data.system && data.canLogIn === 'yes' ? `${data.file} ${data.account}` : undefined,
  left: ({ type, data }) =>
    type === 'account.password' && data.file === '/etc/shadow' && data.state === 'usable'
      ? `${data.account} ${data.replacedAtFirstBoot}`
      : undefined,
  'first-boot': ({ type, data }) =>
    type === 'account.first-boot' ? `${data.file}:${[data.line, data.what, ...data.accounts].join(' ')}` : undefined,
  keys: ({ type, data }) =>
    type === 'key.private' && data.place === 'system' ? `${data.file} ${data.spki ?? '-'}` : undefined,
  certificates: ({ type, data }) => (type === 'key.certificate' ? `${data.file} ${data.sha256}` : undefined),
  wifi: ({ type, data }) =>
    type === 'secret.wifi' && !data.placeholder ? `${data.file} ${data.ssid ?? '-'} ${data.security}` : undefined,
  telnet: ({ type, data }) =>
    type === 'service.start' && data.kind === 'telnet' && data.started === 'always' ? data.file : undefined,
  services: ({ type, data }) =>
    type === 'service.start' && data.started === 'always' && SERVERS.has(data.kind) ? data.program : undefined,
  consoles: ({ type, data }) => (type === 'boot.console' ? `${data.device} ${data.login} ${data.started}` : undefined),
  settings: ({ type, data }) =>
    type === 'service.setting' && data.weak === true && data.active === 'yes'
      ? `${data.file} ${data.setting}`
      : undefined,
  tokens: ({ type, data }) =>
    type === 'secret.token' && !data.example && data.confidence !== 'possible'
      ? `${data.file} ${data.kind}`
      : undefined,
  urls: ({ type, data }) =>
    type === 'secret.url' && !data.example ? `${data.file} ${data.scheme}://${data.user}@${data.host}` : undefined,
  update: ({ type, data }) =>
    type === 'update.client' && data.url !== undefined ? `${data.file} ${data.url}` : undefined,
  'tls-off': ({ type, data }) => (type === 'update.tls-verification' ? `${data.file}:${data.line}` : undefined),
  hardening: ({ type, data }) =>
    type === 'binary.hardening' && ['program', 'library'].includes(data.kind)
      ? `${data.file} pie=${data.pie === 'yes'} nx=${data.nx === 'yes'} relro=${data.relro} canary=${data.canary === 'yes'} stripped=${data.stripped}`
      : undefined,
  kernel: ({ type, data }) => (type === 'kernel.version' ? data.version : undefined),
  boot: ({ type, data }, all) => (type === 'boot.environment' ? `${loaderIn(all)} ${data.bootdelay}` : undefined),
};

/** Version of the loader in the image at hand, without what a builder added. */
const loaderIn = (facts) =>
  (facts.find(({ type }) => type === 'boot.loader')?.data.version ?? '').replace(/[-+].*$/, '');

/** What was told of one analysis against its labels; a label that ends in `?` says nothing of the last word. */
export function compared(analysis, labels, facts) {
  const found = new Set(facts.map((fact) => WRITTEN[analysis](fact, facts)).filter((text) => text !== undefined));
  const fits = (label, text) => (label.endsWith(' ?') ? text.startsWith(label.slice(0, -1)) : label === text);
  const missed = labels.filter((label) => ![...found].some((text) => fits(label, text)));
  const wrong = [...found].filter((text) => !labels.some((label) => fits(label, text)));
  return { right: labels.length - missed.length, wrong, missed };
}
