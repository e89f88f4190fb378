/** What facts of a live device say: services, logins, TLS, SSH, HTTP and the other protocols. */
import {
  httpAuthentication,
  httpCookie,
  httpCors,
  httpDirectoryListing,
  httpExposedPath,
  httpHeaders,
  httpHnap,
  httpMethod,
  httpService,
  upnpDevice,
} from '../http.ts';
import { certificateLifetime, certificateSupport } from '../joined.ts';
import { loginDefault, loginOpen, loginShared, loginSurface, loginThrottling } from '../login.ts';
import { netAccess, netDisclosure, netHealth, netHost, netIdentity, netPort, netService, netSweep } from '../net.ts';
import { sshAlgorithm, sshAuthentication, sshDhGroup, sshHostKey, sshProtocol, sshTerrapin } from '../ssh.ts';
import {
  tlsCertificate,
  tlsChain,
  tlsCipher,
  tlsDhParameters,
  tlsGroup,
  tlsKnownKey,
  tlsProtocol,
  tlsSignatureAlgorithm,
  tlsVulnerability,
} from '../tls.ts';
import { day, type Phrase, parts, phrase, some } from './phrase.ts';

const insideTls = (yes: boolean): string => (yes ? 'inside TLS' : 'in clear');

/** Protocols that encrypt by themselves, or whose encryption was not told, are not called clear. */
const OWN: readonly string[] = ['ssh', 'dtls', 'tls', 'unknown'];
const spokenHow = (protocol: string, tls: boolean): string =>
  tls || !OWN.includes(protocol) ? `${protocol} ${insideTls(tls)}` : protocol;

const IDENTIFIERS = { mac: 'a MAC address', serial: 'a serial number', udn: 'a UPnP name (UDN)' } as const;

export const NET_PHRASES: readonly Phrase[] = [
  phrase(netHost, ({ answers, address }) => `${address} ${answers ? 'answers' : 'does not answer'}`),
  phrase(netIdentity, ({ kind, fingerprint }) => `${IDENTIFIERS[kind]} of fingerprint ${fingerprint}`),
  phrase(netHealth, ({ alive, after }) => `the device ${alive ? 'still answers' : 'answers no more'} after ${after}`),
  phrase(
    netSweep,
    ({ transport, open, closed, silent }) => `${transport}: ${open} open, ${closed} closed, ${silent} silent`,
  ),
  phrase(netPort, ({ transport, port }) => `port ${port}/${transport} is open`),
  phrase(
    netAccess,
    ({ protocol, open, how }) => `${protocol} ${open ? 'serves whoever connects' : 'asks for a login'}: ${how}`,
  ),
  phrase(netService, ({ protocol, tls, product, version, banner }) =>
    parts(
      spokenHow(protocol, tls),
      product === undefined
        ? banner !== undefined && `"${banner.slice(0, 60)}"`
        : `${product}${version === undefined ? '' : ` ${version}`}`,
    ),
  ),
  phrase(netDisclosure, ({ software, version, where }) => `${software} ${version} in the ${where}`),
];

export const LOGIN_PHRASES: readonly Phrase[] = [
  phrase(
    loginSurface,
    ({ protocol, encrypted, path }) =>
      `${protocol}${path === undefined ? '' : ` at ${path}`} asks for a login ${insideTls(encrypted)}`,
  ),
  phrase(loginDefault, ({ accepted, account, password, protocol, forcedChange, tried }) =>
    accepted
      ? parts(
          `${protocol} takes ${account === undefined || account === '' ? '' : `"${account}" with `}${password === undefined || password === '' ? 'an empty password' : `password "${password}"`}`,
          forcedChange === 'seen' && 'and demands a new one at once',
        )
      : `${protocol} refused ${tried} known logins`,
  ),
  phrase(loginShared, ({ value, hosts, shared }) =>
    shared ? `${hosts.join(' and ')} take the same login: ${value}` : `${hosts.join(' and ')} take different logins`,
  ),
  phrase(loginOpen, ({ protocol, open, how }) =>
    open ? `${protocol} lets anybody in: ${how.replace('-', ' ')}` : `${protocol} is closed`,
  ),
  phrase(loginThrottling, ({ protocol, throttled, signal, after }) =>
    throttled
      ? `${protocol}: ${signal} after ${after} wrong logins`
      : `${protocol}: no answer changed in ${after} wrong logins`,
  ),
];

export const TLS_PHRASES: readonly Phrase[] = [
  phrase(
    tlsProtocol,
    ({ version, accepted, alert }) =>
      `${version} is ${accepted ? 'accepted' : `refused${alert === undefined ? '' : ` (${alert})`}`}`,
  ),
  phrase(
    tlsCipher,
    ({ version, suite, weaknesses }) =>
      `${version} ${suite}${weaknesses.length === 0 ? '' : ` (${weaknesses.join(', ')})`}`,
  ),
  phrase(tlsGroup, ({ group }) => `group ${group}`),
  phrase(tlsDhParameters, ({ bits, prime }) => `Diffie-Hellman of ${bits} bits (${prime})`),
  phrase(tlsSignatureAlgorithm, ({ name }) => `handshake signed with ${name}`),
  phrase(tlsCertificate, (data) =>
    parts(
      `${data.position} ${data.subject === '' ? '(no subject)' : data.subject}`,
      `${data.keyType} ${data.keyBits} bits`,
      data.signatureHash !== 'none' && `signed with ${data.signatureHash}`,
      `${day(data.notBefore)} to ${day(data.notAfter)}`,
      data.selfSigned && 'self-signed',
      data.knownDefault !== undefined && `a known default: ${data.knownDefault}`,
    ),
  ),
  phrase(tlsChain, ({ trust, ordered, nameMatches, why }) =>
    parts(trust, !ordered && 'out of order', !nameMatches && 'no name of it is the host’s', why),
  ),
  phrase(tlsVulnerability, ({ name, vulnerable, how }) => `${vulnerable ? '' : 'not '}vulnerable to ${name}: ${how}`),
  phrase(tlsKnownKey, ({ known, name }) =>
    known ? `the key is publicly known: ${name ?? 'unnamed'}` : 'the key is not on the list',
  ),
  phrase(
    certificateLifetime,
    ({ subject, daysLeft }) =>
      `${subject}: ${daysLeft < 0 ? `expired ${-daysLeft} days ago` : `${daysLeft} days left`}`,
  ),
  phrase(
    certificateSupport,
    ({ subject, outlives, ends, until }) =>
      `${subject}: ends ${day(ends)}, ${outlives ? 'after' : 'before'} the support period (${day(until)})`,
  ),
];

export const SSH_PHRASES: readonly Phrase[] = [
  phrase(sshProtocol, ({ versions, software }) => `SSH ${versions.join(' and ')}, ${software}`),
  phrase(
    sshAlgorithm,
    ({ kind, name, weaknesses }) => `${kind} ${name}${weaknesses.length === 0 ? '' : ` (${weaknesses.join(', ')})`}`,
  ),
  phrase(sshHostKey, ({ type, bits, known }) =>
    parts(`host key ${type} of ${bits} bits`, known !== undefined && `publicly known: ${known}`),
  ),
  phrase(sshDhGroup, ({ asked, bits }) => `a group of ${bits} bits where ${asked} were asked for`),
  phrase(sshTerrapin, ({ because }) => because),
  phrase(sshAuthentication, ({ methods, noneAccepted, user }) =>
    parts(`user ${user} may come by ${some(methods)}`, noneAccepted && 'and with no proof at all'),
  ),
];

export const HTTP_PHRASES: readonly Phrase[] = [
  phrase(httpService, ({ scheme, status, server, title, location }) =>
    parts(
      `${scheme} answers ${status}`,
      location !== undefined && `to ${location}`,
      server !== undefined && `Server: ${server}`,
      title !== undefined && title !== '' && `"${title.slice(0, 60)}"`,
    ),
  ),
  phrase(httpAuthentication, ({ scheme, path, realm, algorithm, encrypted }) =>
    parts(
      `${scheme}${algorithm === undefined ? '' : ` ${algorithm}`} login at ${path} ${insideTls(encrypted)}`,
      realm !== undefined && `realm "${realm}"`,
    ),
  ),
  phrase(httpHeaders, (data) => {
    const missing = [
      !data.hsts && data.scheme === 'https' && 'Strict-Transport-Security',
      !data.contentSecurityPolicy && 'Content-Security-Policy',
      !data.frameProtection && 'frame protection',
      !data.noSniff && 'X-Content-Type-Options',
      !data.referrerPolicy && 'Referrer-Policy',
    ].filter((one) => one !== false);
    return missing.length === 0 ? 'all headers are there' : `missing: ${missing.join(', ')}`;
  }),
  phrase(httpCookie, ({ name, secure, httpOnly, sameSite }) =>
    parts(`cookie ${name}`, !secure && 'without Secure', !httpOnly && 'without HttpOnly', `SameSite ${sameSite}`),
  ),
  phrase(httpExposedPath, ({ path, kind, served, status, size }) =>
    served
      ? `${path} (${kind}) is served without login: ${status}, ${size} bytes`
      : `${path} (${kind}) is not served: ${status}`,
  ),
  phrase(httpDirectoryListing, ({ path, listed }) => `${path} is ${listed ? 'listed' : 'not listed'}`),
  phrase(httpMethod, ({ method, allowed, how }) => `${method} is ${allowed ? 'taken' : 'refused'}: ${how}`),
  phrase(httpCors, ({ reflectsOrigin, withCredentials, foreignHostServed }) =>
    parts(
      reflectsOrigin && `any origin is allowed${withCredentials ? ' with credentials' : ''}`,
      foreignHostServed && 'a foreign Host header is served',
      !reflectsOrigin && !foreignHostServed && 'foreign origins and hosts are refused',
    ),
  ),
  phrase(httpHnap, ({ answers, model }) =>
    answers ? parts('HNAP answers without login', model) : 'HNAP does not answer',
  ),
  phrase(upnpDevice, ({ manufacturer, model, serialDisclosed, portMapping }) =>
    parts(
      parts(manufacturer, model) || 'a UPnP device',
      serialDisclosed && 'tells its serial number',
      portMapping && 'offers AddPortMapping',
    ),
  ),
];
