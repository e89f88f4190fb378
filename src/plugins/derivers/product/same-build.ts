/** Whether image and device are the same build: what joins them holds only then. */
import type { Deriver } from '../../../core/model/gatherer.ts';
import {
  identitySameBuild,
  imageIdentity,
  keyPrivate,
  netDisclosure,
  netService,
  sshHostKey,
  sshProtocol,
  telnetSession,
  tlsCertificate,
} from '../../../facts/index.ts';

export const productSameBuild: Deriver = {
  id: 'product/same-build',
  title: 'Same build in image and device',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [
    imageIdentity,
    keyPrivate,
    netDisclosure,
    netService,
    sshHostKey,
    sshProtocol,
    telnetSession,
    tlsCertificate,
  ],
  produces: [identitySameBuild],
  subjects: () => [{ kind: 'target' }],
  observe(_subject, { facts, emit }) {
    const spoken = [
      ...facts.of(netService).map((fact) => fact.data.banner ?? ''),
      ...facts.of(telnetSession).map((fact) => fact.data.banner),
      ...facts.of(netDisclosure).map((fact) => `${fact.data.software} ${fact.data.version}`),
    ].join('\n');
    const served = new Set([
      ...facts.of(tlsCertificate).map((fact) => fact.data.spki),
      ...facts.of(sshHostKey).flatMap((fact) => fact.data.spki ?? []),
    ]);
    const keys = facts.of(keyPrivate).filter((fact) => fact.data.spki !== undefined && served.has(fact.data.spki));
    const named = facts
      .of(imageIdentity)
      .filter((fact) => ['os-release', 'openwrt-release', 'version-file', 'issue'].includes(fact.data.source));
    const told = named.filter(
      (fact) => fact.data.version !== '' && spoken.includes(fact.data.name) && spoken.includes(fact.data.version),
    );
    const other = named.filter(
      (fact) =>
        fact.data.name !== '' &&
        spoken.includes(fact.data.name) &&
        !spoken.includes(fact.data.version) &&
        /\d+\.\d+/.test(spoken.slice(spoken.indexOf(fact.data.name), spoken.indexOf(fact.data.name) + 80)),
    );
    const basis = [
      ...keys.map((fact) => `the device serves the key in ${fact.data.file}`),
      ...told.map((fact) => `the device names ${fact.data.name} ${fact.data.version}`),
      ...(keys.length + told.length === 0
        ? other.map(
            (fact) => `the image is ${fact.data.name} ${fact.data.version}, and the device names another version`,
          )
        : []),
    ];
    const same = keys.length + told.length > 0 ? 'yes' : other.length > 0 ? 'no' : 'unknown';
    emit(identitySameBuild, { same, basis }, { derivedFrom: [...keys, ...told, ...other].slice(0, 8) });
    return Promise.resolve();
  },
};
