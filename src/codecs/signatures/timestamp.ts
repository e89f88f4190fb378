/** Time stamps of a signature (RFC 3161 in an attribute of Authenticode): when it was made, if a given authority vouches for the clock. */
import { memoryBlob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { type CmsSigner, hashOf, parseCms } from '../formats/cms.ts';
import { type DerElement, derChild, derChildren, derWhole, TAG } from '../formats/der.ts';
import { isWeakHash } from './check.ts';
import { cmsSignatures } from './cms.ts';
import { digestBytes, messageOf } from './message.ts';
import type { Trust } from './trust.ts';

const TOKEN = '1.3.6.1.4.1.311.3.3.1';
const COUNTERSIGNATURE = '1.2.840.113549.1.9.6';
const TST_INFO = '1.2.840.113549.1.9.16.1.4';
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';
const GENERALIZED = 0x18;

export interface TimeStamp {
  /** Only of a stamp that verifies with a given authority. */
  readonly at?: Date;
  readonly told: string;
}

/** What the unsigned attributes of a signer say of the time; nothing where there is no stamp. */
export async function timestampOf(trust: Trust, signer: CmsSigner): Promise<TimeStamp | undefined> {
  const token = signer.unsigned.get(TOKEN)?.[0];
  if (token === undefined)
    return signer.unsigned.has(COUNTERSIGNATURE)
      ? { told: 'countersigned in the form of PKCS #9, which was not verified' }
      : undefined;
  try {
    return await stampOf(trust, signer, token);
  } catch (error) {
    if (!(error instanceof FaultError)) throw error;
    return { told: `its time stamp cannot be read: ${error.fault.message}` };
  }
}

async function stampOf(trust: Trust, signer: CmsSigner, { whole }: DerElement): Promise<TimeStamp> {
  const cms = parseCms(whole);
  if (cms.content === undefined || cms.contentType !== TST_INFO) return { told: 'its time stamp is of another kind' };
  // The content is the value of an octet string: DER of TSTInfo.
  const info = derChildren(derWhole(cms.content, TAG.sequence));
  const imprint = derChildren(derChild(info, 2, TAG.sequence));
  const hash = hashOf(derChild(imprint, 0, TAG.sequence));
  const at = dateOf(derChild(info, 4, GENERALIZED).value.toString('latin1'));
  const bound = digestBytes(hash, signer.signature).equals(derChild(imprint, 1, TAG.octets).value);
  if (!bound || isWeakHash(hash)) return { told: 'its time stamp is of another signature' };
  const content = messageOf(memoryBlob(cms.content), [{ start: 0, end: cms.content.length }]);
  const purposes = [TIME_STAMPING];
  const [seen] = await cmsSignatures({ ...trust, now: at }, cms, content, { purposes });
  const told = `stamped at ${at.toISOString()} by ${seen?.signer ?? 'nobody'}`;
  return seen?.outcome === 'verified' && at <= trust.now
    ? { at, told: `${told}, whom ${seen.verifiedBy ?? 'a given key'} vouches for` }
    : { told: `${told}, whom no given certificate vouches for` };
}

/** GeneralizedTime of RFC 3161: to the second or finer, always in UTC. */
function dateOf(text: string): Date {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d{1,6})?Z$/.exec(text);
  const [, year, month, day, hour, minute, second] = parts ?? [];
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(date.getTime())) throw new FaultError('malformed', 'a time that is none');
  return date;
}
