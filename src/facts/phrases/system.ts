/** What facts about the system in an image say: files, kernel, boot, services, update client. */
import { binaryTool, fileLeftover, fileMount, filePermission } from '../binary.ts';
import { imageContainer, imageCoverage, imageEncryption, imageIdentity, imageRoot } from '../image.ts';
import { serviceJoined } from '../joined.ts';
import {
  bootConsole,
  bootEnvironment,
  bootLoader,
  bootVerification,
  kernelCommandLine,
  kernelModule,
  kernelOption,
  kernelSetting,
  kernelSysctl,
  kernelVersion,
} from '../kernel.ts';
import {
  serviceEndpointUrl,
  serviceFirewall,
  serviceLogging,
  serviceScript,
  serviceSetting,
  serviceStart,
  updateClient,
  updateClientSetting,
  updateRollback,
  updateSlot,
  updateTlsSetting,
  updateTrustedKey,
} from '../service.ts';
import { day, type Phrase, parts, phrase, some } from './phrase.ts';

export const FILE_PHRASES: readonly Phrase[] = [
  phrase(binaryTool, ({ kind, name }) => `${kind} ${name}`),
  phrase(fileLeftover, ({ kind, detail }) => parts(kind, detail)),
  phrase(filePermission, ({ kind, mode, uid }) => parts(kind, `mode ${mode}`, uid !== undefined && `user id ${uid}`)),
  phrase(
    fileMount,
    ({ point, device, type, options, readOnly, file }) =>
      `${point}${device === '' ? '' : ` on ${device}`} (${parts(type, some(options, 'no options'), readOnly === 'no' && `writable by ${file}`)})`,
  ),
  phrase(imageIdentity, ({ name, version }) => `${name} ${version}`),
  phrase(imageRoot, ({ path, files }) => `root file system ${path} of ${files} files`),
  phrase(
    imageContainer,
    ({ format, start, opened }) => `${format} at 0x${start.toString(16)}${opened ? '' : ', not opened'}`,
  ),
  phrase(imageCoverage, (data) => `${data.unknown} of ${data.bytes} bytes unknown, ${data.encrypted} encrypted`),
  phrase(imageEncryption, ({ encrypted, how }) => (encrypted ? `encrypted: ${how}` : `not encrypted: ${how}`)),
];

export const KERNEL_PHRASES: readonly Phrase[] = [
  phrase(kernelVersion, ({ version, endOfLife, supported }) =>
    parts(
      `Linux ${version}`,
      supported === 'no' && `out of upstream support${endOfLife === undefined ? '' : ` since ${day(endOfLife)}`}`,
    ),
  ),
  phrase(kernelOption, ({ option, value, expected }) => `${option}=${value}, expected ${expected}`),
  phrase(kernelSysctl, ({ key, value }) => `${key} = ${value}`),
  phrase(
    kernelSetting,
    ({ key, value, by }) => `${key} = ${value}${by === 'default' ? ', the kernel’s own default' : ''}`,
  ),
  phrase(kernelModule, ({ modules, signed, without, hashes, signers }) =>
    parts(
      `${signed} of ${modules} modules are signed`,
      hashes.length > 0 && `with ${some(hashes)}`,
      signers.length > 0 && `by ${some(signers)}`,
      without.length > 0 && `not so ${some(without)}`,
    ),
  ),
  phrase(kernelCommandLine, ({ text, weakens }) =>
    parts(`"${text.slice(0, 120)}"`, weakens.length > 0 && `weakened by ${some(weakens)}`),
  ),
  phrase(bootLoader, ({ name, version, verifies }) =>
    parts(`${name}${version === undefined ? '' : ` ${version}`}`, `verifies what it boots: ${verifies}`),
  ),
  phrase(bootEnvironment, ({ bootdelay, interruptible, silent, otherBoot, card, secrets }) =>
    parts(
      bootdelay !== undefined && `bootdelay=${bootdelay}`,
      `a key press stops it: ${interruptible}`,
      !silent && 'its console talks',
      otherBoot.length > 0 && `boots from ${some(otherBoot)} too`,
      card === 'unknown' && 'boots from mmc, which is a card or memory of its own',
      secrets.length > 0 && `holds secrets: ${some(secrets)}`,
    ),
  ),
  phrase(bootConsole, ({ device, program, login, started }) =>
    parts(
      `${program} on ${device}`,
      login === 'none' && 'a shell without login',
      login === 'password' && 'it asks for a password',
      started === 'unknown' && 'under a condition',
    ),
  ),
  phrase(bootVerification, ({ kind, present, detail }) => parts(`${kind}: ${present ? 'present' : 'absent'}`, detail)),
];

export const SERVICE_PHRASES: readonly Phrase[] = [
  phrase(serviceStart, ({ program, command, started, condition, user, loginless }) =>
    parts(
      `${started === 'always' ? 'starts' : started === 'never' ? 'holds' : 'may start'} ${command === '' ? program : command.slice(0, 120)}`,
      condition !== undefined && `if ${condition}`,
      user === 'root' && 'as root',
      loginless && 'a shell without login',
    ),
  ),
  phrase(serviceSetting, ({ daemon, setting, value, why, weak, byDefault, active }) =>
    parts(
      `${daemon}: ${setting} ${value === '' ? '(nothing)' : value}${byDefault ? ' by default' : ''}`,
      why !== undefined && (weak === 'unknown' ? why : `good practice: ${why}`),
      active === 'unknown' && 'whether it is started is not known',
    ),
  ),
  phrase(serviceFirewall, ({ present, inputPolicy }) => (present ? `input policy ${inputPolicy}` : 'no firewall')),
  phrase(serviceLogging, ({ started, program, remote }) =>
    started === false
      ? 'no log daemon starts'
      : parts(
          `${started === true ? 'logs' : 'may log'} with ${program ?? 'an unnamed program'}`,
          remote && 'to another host',
        ),
  ),
  phrase(serviceScript, ({ kind, text }) => `${kind}: ${text}`),
  phrase(serviceEndpointUrl, ({ url, purpose, hosts }) =>
    parts(
      `${url}${purpose === 'unknown' ? '' : ` (${purpose})`}`,
      hosts !== undefined && hosts.length > 1 && `${hosts.length} hosts`,
    ),
  ),
  phrase(
    serviceJoined,
    ({ program, port, image, device, agrees }) =>
      `${program}: the image ${image === 'starts' ? 'starts it' : image === 'unknown' ? 'may start it' : 'does not start it'}, port ${port} of the device is ${device}${agrees ? '' : ', which disagrees'}`,
  ),
  phrase(updateClient, ({ tool, url, transport, signatureCheck }) =>
    parts(
      `${tool}${url === undefined ? '' : ` fetches ${url}`}`,
      url === undefined && transport !== 'none' && `over ${transport}`,
      signatureCheck !== 'unknown' && `signature check ${signatureCheck}`,
    ),
  ),
  phrase(updateClientSetting, ({ tool, setting, value, why }) => parts(`${tool}: ${setting}=${value}`, why)),
  phrase(updateTlsSetting, ({ how, inUpdater }) => `${how}${inUpdater ? ' in the update client' : ''}`),
  phrase(updateTrustedKey, ({ tool, type, bits, sampleKey, privateInImage }) =>
    parts(
      `${tool} trusts a ${type} key${bits === undefined ? '' : ` of ${bits} bits`}`,
      sampleKey !== undefined && `the public sample key ${sampleKey}`,
      privateInImage && 'whose private half lies in the image',
    ),
  ),
  phrase(updateSlot, ({ kind, detail }) => parts(kind, detail)),
  phrase(updateRollback, ({ tool, protected: kept }) => `${tool} ${kept ? 'refuses' : 'takes'} older versions`),
];
