/** Settings of update clients that change what is asked of a signature that is there: purposes, dates, chains. */

export interface ClientSetting {
  readonly tool: 'rauc' | 'apt' | 'swupdate';
  readonly setting: string;
  readonly value: string;
  /** It lets in what would stay out by the client's default. */
  readonly weakens: boolean;
  readonly why: string;
  readonly line: number;
}

interface Known {
  readonly setting: string;
  readonly values: RegExp;
  readonly weakens: boolean;
  readonly why: string;
}

/** RAUC's reference, "[keyring] section". */
const RAUC: readonly Known[] = [
  {
    setting: 'check-purpose',
    values: /^any$/,
    weakens: true,
    why: 'a certificate of the same authority for any other purpose signs updates too',
  },
  {
    setting: 'check-purpose',
    values: /^(codesign|smimesign)$/,
    weakens: false,
    why: 'only certificates for this purpose sign updates',
  },
  {
    setting: 'use-bundle-signing-time',
    values: /^true$/,
    weakens: true,
    why: 'the signer states the time at which its certificate must be valid, so that an expired key can date back',
  },
  {
    setting: 'allow-partial-chain',
    values: /^true$/,
    weakens: false,
    why: 'an authority in the keyring is trusted without the one above it',
  },
  { setting: 'check-crl', values: /^true$/, weakens: false, why: 'certificates that were revoked are refused' },
];

/** apt.conf(5): an index that has run out is taken, so that an old one can be played again. */
const APT = /\bCheck-Valid-Until\b\s*"?(false|no|0|off)\b/i;

export function settingsOf(name: string, text: string): readonly ClientSetting[] {
  if (/^(\/etc|\/usr\/lib)\/rauc\/system\.conf$/.test(name)) return raucSettings(text);
  return /^\/etc\/apt\/apt\.conf(\.d\/[^/]+)?$/.test(name) ? aptSettings(text) : [];
}

function raucSettings(text: string): readonly ClientSetting[] {
  const found: ClientSetting[] = [];
  let section = '';
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    section = /^\[([^\]]{1,80})\]$/.exec(line)?.[1] ?? section;
    const [, setting = '', value = ''] = /^([a-z-]{1,40})\s*=\s*(\S.{0,80})$/.exec(line) ?? [];
    const known = RAUC.find((one) => one.setting === setting && one.values.test(value));
    if (section !== 'keyring' || known === undefined) continue;
    found.push({ tool: 'rauc', setting, value, weakens: known.weakens, why: known.why, line: index + 1 });
  }
  return found;
}

const aptSettings = (text: string): readonly ClientSetting[] =>
  text.split('\n').flatMap((line, index) =>
    APT.test(line) && !/^\s*(#|\/\/)/.test(line)
      ? [
          {
            tool: 'apt' as const,
            setting: 'Check-Valid-Until',
            value: 'false',
            weakens: true,
            why: 'an index that has run out is taken, so that an old one can be played again',
            line: index + 1,
          },
        ]
      : [],
  );
