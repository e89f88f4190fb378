/** SSDP searches and their answers (UPnP Device Architecture 2.0 §1.3). */

/** An M-SEARCH for one host alone. MX need not stand then (§1.3.2), but many stacks drop a search without it. */
export const ssdpSearch = (host: string, target = 'ssdp:all'): Buffer =>
  Buffer.from(
    `M-SEARCH * HTTP/1.1\r\nHOST: ${host}\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: ${target}\r\n\r\n`,
    'latin1',
  );

export interface SsdpAnswer {
  readonly headers: { readonly [name: string]: string };
}

export function parseSsdp(bytes: Uint8Array): SsdpAnswer | undefined {
  const lines = Buffer.from(bytes.subarray(0, 8192)).toString('latin1').split(/\r?\n/, 64);
  if (!/^HTTP\/1\.[01] 200\b/.test(lines[0] ?? '')) return undefined;
  const headers: { [name: string]: string } = {};
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(':');
    if (colon > 0) headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  return headers['st'] === undefined && headers['usn'] === undefined ? undefined : { headers };
}
