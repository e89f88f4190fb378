/** Private keys of WireGuard: 32 bytes in base 64 in wg-quick's, systemd's, NetworkManager's and OpenWrt's settings, or alone in a file. */
import { createPrivateKey, type KeyObject } from 'node:crypto';

export interface WireguardKey {
  readonly key: KeyObject;
  readonly offset: number;
}

/** Keys that are read of one file; who gets so many must tell that there may be more. */
export const MOST_WIREGUARD = 50;
const SETTING =
  /^[ \t]*(?:PrivateKey[ \t]*=|private-key[ \t]*=|option[ \t]+["']?private_key["']?[ \t])[ \t]*["']?([A-Za-z0-9+/]{43}=)["']?[ \t]*(?:#.*)?\r?$/gim;
const ALONE = /^([A-Za-z0-9+/]{43}=)\s*$/;
/** PKCS#8 of X25519 up to its 32 bytes (RFC 8410 §7). */
const PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex');

/** Whether a file of that name may hold such a key. */
export const mayHoldWireguard = (name: string): boolean =>
  /wireguard|\/wg[\w-]*(\.(conf|key|priv)|key)$|\.netdev$|\.nmconnection$|\/config\/network$/i.test(name);

/** Keys in settings; a file that is nothing but one is told by its name, and by the bits that `wg genkey` sets and clears. */
export function wireguardKeys(text: string, name: string): readonly WireguardKey[] {
  const alone = isPrivateName(name.slice(name.lastIndexOf('/') + 1)) ? ALONE.exec(text) : null;
  if (alone !== null) return isClamped(bytesOf(alone[1])) ? [{ key: keyOf(bytesOf(alone[1])), offset: 0 }] : [];
  const found: WireguardKey[] = [];
  for (const match of text.matchAll(SETTING)) {
    if (found.length === MOST_WIREGUARD) break;
    found.push({ key: keyOf(bytesOf(match[1])), offset: match.index });
  }
  return found;
}

/** Public and preshared keys look alike and lie beside it. */
const isPrivateName = (name: string): boolean =>
  /priv|secret|\.key$|^wg[\w-]*key$/i.test(name) && !/pub|psk|preshared/i.test(name);

const bytesOf = (text = ''): Buffer => Buffer.from(text, 'base64');
const keyOf = (bytes: Buffer): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PREFIX, bytes]), format: 'der', type: 'pkcs8' });

/** RFC 7748 §5: a public key has these bits once in 32. */
const isClamped = (bytes: Buffer): boolean => ((bytes[0] ?? 1) & 7) === 0 && ((bytes[31] ?? 0) & 0xc0) === 0x40;
