/** Scripts of an image that set passwords or make keys by themselves, so that what lies in the image is not what a device runs on. */
import { linesOf, looksLikeText } from '../../../codecs/formats/text-lines.ts';
import type { FileEntry } from '../../../core/model/files.ts';
import type { Analyzer } from '../../../core/model/gatherer.ts';
import { accountFirstBoot } from '../../../facts/index.ts';

type What = 'password' | 'host-key' | 'certificate' | 'wifi-key' | 'identifier';

const MAX_FOUND = 40;
/** Where a script must lie or how it must be called to run by itself. */
const PLACES =
  /^\/(etc\/(init\.d|rc\d?\.d|rcS\.d|rc\.d|uci-defaults|preinit\.d|board\.d|init0\.d|profile\.d|network|hotplug\.d|s6[^/]*|service|sv|runit)\/|etc\/(rc|rcS|rc\.local|rc\.sysinit|preinit|inittab)$|(usr\/)?lib\/(systemd\/system|preinit|functions|sysv-init)\/|etc\/systemd\/system\/|init$|linuxrc$)/;
const CALLED =
  /(first[-_]?(boot|run|start)|oneshot|provision|factory[-_]?init|(gen|make|mk|create)[-_]?(cert|key|hostkey|ssl|ssh)|(host|ssh)[-_]?keys?[-_]?gen|sshdgenkeys|keygen|check[-_]?(host)?keys)/i;

interface Sign {
  readonly what: What;
  readonly shape: RegExp;
}
/** Anchored by a command name; `.{0,n}` bounds keep them linear on one line of at most 4,096 characters. */
const SIGNS: readonly Sign[] = [
  { what: 'host-key', shape: /\bssh-keygen\s.{0,200}?(-A\b|host|-f\s)/ },
  { what: 'host-key', shape: /(?:\b|_)dropbearkey\s.{0,120}?-f\s/ },
  { what: 'host-key', shape: /\bdropbear\b.{0,120}?\s-\w*R\w*\b/ },
  { what: 'host-key', shape: /\bdropbearconvert\s/ },
  { what: 'certificate', shape: /\bopenssl\s+(req|genrsa|genpkey|ecparam|dhparam)\s.{0,300}?(-out|-keyout|>)\s?\S/ },
  { what: 'certificate', shape: /\s-newkey\s+\S+\s.{0,200}?-keyout\s/ },
  { what: 'certificate', shape: /\b(px5g|mbedtls_gen_key|gen_key|certtool|gnutls-certtool|make-ssl-cert|selfsign)\s/ },
  { what: 'wifi-key', shape: /(wpa_passphrase|\.key|WPAPSK|wpa_psk|sae_password)=["']?[$`]/ },
  { what: 'identifier', shape: /(systemd-machine-id-setup|\buuidgen\b|\/proc\/sys\/kernel\/random\/uuid)/ },
];
/** Options that a start line is given by a name: told where no line of the file says so itself. */
const BY_NAME = /\bDROPBEAR_\w{1,16}=.{0,120}?[\s"'=]-\w*R\w*\b/;
/** What gives a value of its own to each unit: randomness, or something that the factory wrote. */
const OWN_VALUE = /(\$|`|urandom|\/dev\/random|openssl rand|pwgen|makepasswd|getenv|nvram|serial|mac)/i;

export const accountsFirstBoot: Analyzer = {
  id: 'accounts/first-boot',
  title: 'Passwords and keys made at first boot',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [],
  produces: [accountFirstBoot],
  wants: (file) => file.type === 'file' && file.root !== undefined && file.size > 0 && isCandidate(file),
  observe(file, content, context) {
    if (!looksLikeText(content)) return;
    let found = 0;
    let byName: { readonly number: number; readonly text: string } | undefined;
    const tell = (what: What, accounts: string[], text: string, number: number): void => {
      const how = text
        .trim()
        .replace(/(:)([^:$`'"\s]{1,64})(['"]?\s*\|)/g, '$1…$3')
        .slice(0, 200);
      const where = `line ${number}`;
      context.emit(accountFirstBoot, { what, accounts, how, file: file.name, line: number }, { where });
    };
    const cut = (message: string): void => context.gap({ kind: 'over-budget', message });
    for (const { number, text } of linesOf(content, { cut })) {
      if (BY_NAME.test(text) && !text.trimStart().startsWith('#')) byName ??= { number, text };
      const sign = signOf(text);
      if (sign === undefined) continue;
      if (found === MAX_FOUND) {
        cut(`more than ${MAX_FOUND} such lines in one file`);
        return;
      }
      found += 1;
      if (sign.what === 'host-key') byName = undefined;
      tell(sign.what, sign.accounts, text, number);
    }
    if (byName !== undefined) tell('host-key', [], byName.text, byName.number);
  },
};

/** OpenWrt's fail-safe mode makes a key of its own, for itself. */
const FAILSAFE = /\/preinit\/[^/]*failsafe/;
const isCandidate = (file: FileEntry): boolean =>
  (PLACES.test(file.name) && !FAILSAFE.test(file.name)) ||
  (CALLED.test(file.name.slice(file.name.lastIndexOf('/') + 1)) && !/\.(so|ko|html?|js|md|txt|h|c)\b/.test(file.name));

function signOf(line: string): { what: What; accounts: string[] } | undefined {
  const text = line.trimStart();
  if (text.startsWith('#') || /^(echo|printf)\s+["'][^|]*$/.test(text)) return undefined;
  const accounts = passwordSetIn(text);
  if (accounts !== undefined) return { what: 'password', accounts };
  const sign = SIGNS.find(({ shape }) => shape.test(text));
  return sign === undefined ? undefined : { what: sign.what, accounts: [] };
}

/** The accounts whose password a line sets to a value of the unit's own; undefined when it sets none, or a constant. */
function passwordSetIn(text: string): string[] | undefined {
  const command = /\b(chpasswd|passwd|usermod|cryptpw|mkpasswd)\b/.exec(text);
  if (
    command === null ||
    /[\w/}]\/passwd\b/.test(text.replace(/(^|[|;&(`]\s*)(\/usr)?\/s?bin\/passwd\b/g, '$1passwd')) ||
    /\b(grep|cat|cp|mv|ln|sed|chmod|chown|rm|if|test|\[)\b.*passwd/.test(text)
  )
    return undefined;
  const before = text.slice(0, command.index);
  if (command[1] === 'usermod' && !/\s-p\s/.test(text)) return undefined;
  const piped = /(?:echo|printf)\b.*?["']?([\w.-]{1,32}):(\S+)/.exec(before);
  const value = piped?.[2] ?? (command[1] === 'usermod' ? (/\s-p\s+(\S+)/.exec(text)?.[1] ?? '') : before);
  if (!OWN_VALUE.test(value)) return undefined;
  const account = piped?.[1] ?? /\b(?:passwd|usermod)\b.*?\s([a-z_][\w-]{0,31})\s*$/.exec(text)?.[1];
  return account === undefined ? [] : [account];
}
