/** Reads the result code of an LDAP response. */

/** Application tags of responses (RFC 4511 §4.2.2, §4.12). */
export const BIND_RESPONSE = 0x61;
export const EXTENDED_RESPONSE = 0x78;

/** The result code of the response to message 1, if it is of that kind. */
export function ldapResult(bytes: Uint8Array, kind: number): number | undefined {
  let at = contentAt(bytes, 0, 0x30);
  if (at === undefined || bytes[at] !== 2 || bytes[at + 1] !== 1 || bytes[at + 2] !== 1) return undefined;
  at = contentAt(bytes, at + 3, kind);
  return at !== undefined && bytes[at] === 10 && bytes[at + 1] === 1 ? bytes[at + 2] : undefined;
}

/** Where the content of an element begins; its length may be longer than need be: Active Directory writes four bytes. */
function contentAt(bytes: Uint8Array, at: number, tag: number): number | undefined {
  const length = bytes[at + 1];
  if (bytes[at] !== tag || length === undefined || length === 0x80 || length > 0x84) return undefined;
  return at + 2 + (length > 0x80 ? length & 0x7f : 0);
}
