/** NTP questions of modes 3 (client), 6 (control) and 7 (private), and whether a datagram answers them (RFC 5905, RFC 9327). */

export type NtpMode = '3' | '6' | '7';

/** Version 4 client; version 2 READVAR of association 0; mode 7 MON_GETLIST_1 of implementation 3. */
export function ntpQuestion(mode: NtpMode): Buffer {
  if (mode === '3') {
    const bytes = Buffer.alloc(48);
    bytes[0] = 0x23;
    bytes.writeUInt32BE(0x4153_5359, 40);
    return bytes;
  }
  if (mode === '6') return Buffer.from([0x16, 0x02, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([Buffer.from([0x17, 0x00, 0x03, 0x2a]), Buffer.alloc(188)]);
}

/** Whether a datagram is an answer to a question of this mode. */
export function answersNtp(mode: NtpMode, bytes: Uint8Array): boolean {
  const first = bytes[0] ?? 0;
  if (mode === '3')
    // The server copies our transmit time into the origin field.
    return (
      bytes.length >= 48 && (first & 7) === 4 && Buffer.from(bytes.subarray(24, 28)).readUInt32BE(0) === 0x4153_5359
    );
  if (mode === '6') return bytes.length >= 12 && (first & 7) === 6 && ((bytes[1] ?? 0) & 0x80) !== 0;
  return bytes.length >= 8 && (first & 7) === 7 && (first & 0x80) !== 0;
}

/** Whether the answer carries data rather than a refusal (mode 6 error bit, mode 7 error code). */
export function carriesNtp(mode: NtpMode, bytes: Uint8Array): boolean {
  if (!answersNtp(mode, bytes)) return false;
  if (mode === '6') return ((bytes[1] ?? 0) & 0x40) === 0 && bytes.length > 12;
  if (mode === '7') return ((bytes[4] ?? 0) & 0xf0) === 0 && bytes.length > 8;
  return true;
}
