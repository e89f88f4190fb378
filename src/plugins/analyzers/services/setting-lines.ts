/** The grammar of daemons' configurations: lines with a key and a value, and what is asked of them. */

export type Daemon =
  | 'sshd'
  | 'dropbear'
  | 'telnetd'
  | 'lighttpd'
  | 'nginx'
  | 'uhttpd'
  | 'boa'
  | 'goahead'
  | 'mini-httpd'
  | 'apache'
  | 'mosquitto'
  | 'vsftpd'
  | 'proftpd'
  | 'samba'
  | 'snmpd'
  | 'miniupnpd'
  | 'dnsmasq'
  | 'hostapd'
  | 'cwmp'
  | 'firewall'
  | 'syslog';

export interface Found {
  readonly setting: string;
  readonly value: string;
  readonly weak: boolean;
  readonly why?: string;
  readonly byDefault: boolean;
  readonly line?: number;
}

export interface Rule {
  readonly daemon: Daemon;
  readonly file: RegExp;
  readonly programs: readonly string[];
  read(text: string): readonly Found[];
}

interface Line {
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

/** `key value`, `key = value`, `option key 'value'`; comments left out. */
export function linesOf(text: string, comment = '#'): readonly Line[] {
  return text.split('\n').flatMap((raw, index) => {
    const line = raw.trim();
    if (line === '' || line.startsWith(comment) || line.startsWith(';')) return [];
    const parts = /^(?:option\s+|list\s+)?([\w.-]+)\s*(?::?=|\s)\s*(.*?)\s*;?$/.exec(line);
    return parts === null
      ? [{ key: line.toLowerCase(), value: '', line: index + 1 }]
      : [
          {
            key: (parts[1] ?? '').toLowerCase(),
            value: (parts[2] ?? '').replace(/^["']|["']$/g, ''),
            line: index + 1,
          },
        ];
  });
}

/** One setting under its keys: the first line that sets it (or the last), else what the daemon does by default. */
interface Ask {
  readonly keys: readonly string[];
  readonly setting: string;
  readonly why: string;
  readonly last?: boolean;
  weak(value: string): boolean;
  /** The daemon's own default; absent: nothing is told when no line sets it. */
  readonly default?: string;
}

export function ask(asks: readonly Ask[]): (text: string) => readonly Found[] {
  return (text) => {
    const lines = linesOf(text);
    return asks.flatMap((one) => {
      const own = lines.filter((line) => one.keys.includes(line.key));
      const line = one.last === true ? own.at(-1) : own[0];
      const value = line?.value ?? one.default;
      if (value === undefined) return [];
      return [
        {
          setting: one.setting,
          value,
          weak: one.weak(value),
          why: one.why,
          byDefault: line === undefined,
          ...(line === undefined ? {} : { line: line.line }),
        },
      ];
    });
  };
}

export const is =
  (...values: readonly string[]) =>
  (value: string): boolean =>
    values.includes(value.toLowerCase());
export const isNot =
  (...values: readonly string[]) =>
  (value: string): boolean =>
    !values.includes(value.toLowerCase());
export const OLD_ALGORITHMS =
  /\b(diffie-hellman-group1-sha1|3des-cbc|arcfour|blowfish-cbc|cast128-cbc|hmac-md5|hmac-sha1(-96)?(?!-etm)|ssh-dss|des-cbc)\b/;
const WEAK_CIPHER = /\b(RC4|DES|3DES|EXPORT|EXP|NULL|aNULL|eNULL|MD5|LOW|ADH|AECDH)\b|DES-CBC/;
/** Whether a list of ciphers as OpenSSL takes it names a broken one; `!` and `-` take out (ciphers(1)). */
export const weakCiphers = (value: string): boolean =>
  value
    .split(/[:,\s"']+/)
    .filter((one) => !/^[!-]/.test(one))
    .some((one) => WEAK_CIPHER.test(one));
