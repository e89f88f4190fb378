/** What facts of updates and of the maker's declaration say. */
import type { FactType } from '../../core/model/fact.ts';
import {
  agreementAccount,
  agreementCryptography,
  agreementFeature,
  agreementKey,
  agreementListener,
  agreementLogin,
  agreementTakenLogin,
  agreementTrustedKey,
} from '../agreement.ts';
import {
  declaredAccount,
  declaredAnswer,
  declaredCryptography,
  declaredDisclosure,
  declaredFeature,
  declaredKey,
  declaredListener,
  declaredLogin,
  declaredSupport,
  declaredTable,
} from '../declaration.ts';
import { featurePresent, identitySameBuild } from '../joined.ts';
import {
  updateArtefact,
  updateCoverage,
  updateIntegrity,
  updateSignature,
  updateSigned,
  updateTransport,
  updateVersion,
} from '../update.ts';
import { day, type Phrase, parts, phrase, some } from './phrase.ts';

/** What all facts about agreement have. */
interface Agreement {
  readonly declared: string;
  readonly observed: string;
  readonly agrees: boolean;
}

export const UPDATE_PHRASES: readonly Phrase[] = [
  phrase(updateArtefact, ({ format, version, encrypted }) =>
    parts(`${format}${version === undefined ? '' : ` ${version}`}`, encrypted && 'encrypted'),
  ),
  phrase(updateSigned, ({ message, declaredAbsent }) =>
    parts(message, declaredAbsent && 'although the declaration says that it is signed'),
  ),
  phrase(updateSignature, ({ algorithm, hash, keyType, keyBits, outcome, sampleKey, signer, certificateValid }) =>
    parts(
      `${algorithm}, ${hash}, ${keyType}${keyBits === 0 ? '' : ` ${keyBits} bits`}: ${outcome}`,
      signer !== undefined && `signer ${signer}`,
      sampleKey !== undefined && `a public sample key: ${sampleKey}`,
      certificateValid === false && 'its certificate is not valid',
    ),
  ),
  phrase(updateCoverage, ({ whole, coveredBytes, uncoveredBytes, uncovered }) =>
    whole
      ? `the signature covers all ${coveredBytes} bytes of the payload`
      : `the signature leaves ${uncoveredBytes} bytes uncovered: ${some(uncovered)}`,
  ),
  phrase(updateIntegrity, ({ algorithm, of, holds }) => `${algorithm} of ${of} ${holds ? 'holds' : 'does not hold'}`),
  phrase(updateVersion, ({ protected: kept, value }) =>
    kept ? `a protected version${value === undefined ? '' : `: ${value}`}` : 'no protected version that only goes up',
  ),
  phrase(updateTransport, ({ url, certificateTrusted, tlsVersion, redirectsToHttp, names }) =>
    parts(
      url,
      tlsVersion,
      certificateTrusted === false && 'its certificate is not trusted',
      redirectsToHttp && 'it redirects to plain http',
      names !== undefined && `it names ${names}`,
    ),
  ),
];

export const DECLARED_PHRASES: readonly Phrase[] = [
  phrase(declaredSupport, ({ until }) => `supported until ${day(until)}`),
  phrase(declaredDisclosure, ({ url }) => `disclosure policy at ${url === '' ? '(nowhere)' : url}`),
  phrase(declaredListener, ({ port, transport }) => `port ${port}/${transport} is declared`),
  phrase(declaredAnswer, ({ provision, support }) => `provision ${provision}: ${support}`),
  phrase(declaredTable, ({ table, rows, empty }) =>
    parts(`table ${table}: ${rows} rows`, empty.length > 0 && `without an answer: ${some(empty)}`),
  ),
  phrase(declaredCryptography, ({ id, protocol, floor }) => parts(`${id}: ${protocol}`, floor)),
  phrase(declaredAccount, ({ id, account, preset }) => parts(id, account, `preset ${preset}`)),
  phrase(declaredKey, ({ name, kind }) => `update key ${name} (${kind})`),
  phrase(declaredFeature, ({ name, present }) => `feature ${name} is declared ${present ? 'present' : 'absent'}`),
  phrase(declaredLogin, ({ account, login }) => `${account} is declared ${login ? 'to log in' : 'without a login'}`),
  ...[
    agreementAccount,
    agreementCryptography,
    agreementFeature,
    agreementKey,
    agreementListener,
    agreementLogin,
    agreementTakenLogin,
    agreementTrustedKey,
  ].map((type) =>
    phrase(type as FactType<Agreement>, (said) =>
      said.agrees ? `declared and seen: ${said.observed}` : `declared: ${said.declared}; seen: ${said.observed}`,
    ),
  ),
  phrase(featurePresent, ({ name, present, basis }) => `${name} is ${present ? 'present' : 'absent'}: ${basis}`),
  phrase(identitySameBuild, ({ same, basis }) => `the same build: ${same} (${some(basis)})`),
];
