/** U-Boot environments: variables guarded by a CRC-32, alone or as one of two copies. */
import { crc32 } from 'node:zlib';
import { header } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import type { Blob } from '../../../lib/blob.ts';

/** Sizes that boards use: the CRC covers all of it, and the size is told nowhere. */
const SIZES = [
  0x1000, 0x2000, 0x4000, 0x8000, 0x10000, 0x20000, 0x40000, 0x800, 0x3000, 0x6000, 0xc000, 0xfc00, 0x1fc00, 0x200,
  0x400,
];

/** Where the CRC of a block with these variables may start: right before them, or with a flag byte between (redundant). */
function sizeAt(blob: Blob, start: number, prefix: 4 | 5): number | undefined {
  const stated = header(blob, start, 5);
  if (stated === undefined) return undefined;
  const little = stated.readUInt32LE(0);
  const big = stated.readUInt32BE(0);
  return SIZES.find((size) => {
    const data = header(blob, start + prefix, size - prefix);
    if (data === undefined) return false;
    const crc = crc32(data);
    return crc === little || crc === big;
  });
}

/** Whether a variable starts here. */
const isVariable = (bytes: Uint8Array): boolean => /^[A-Za-z][\w.-]{0,30}=/.test(Buffer.from(bytes).toString('latin1'));

/** The variables that an environment may start with; one of them is in most default environments. */
const FIRST = [
  'bootargs=',
  'bootcmd=',
  'bootdelay=',
  'baudrate=',
  'arch=',
  'ethaddr=',
  'ipaddr=',
  'altbootcmd=',
  'board=',
  'active=',
  'addip=',
  'addmisc=',
  'addtty=',
  'arm_freq=',
  'autoload=',
  'autostart=',
  'board_name=',
  'boot_a_script=',
  'boot_targets=',
  'bootcount=',
  'bootfile=',
  'bootm_size=',
  'bootpartition=',
  'bootretry=',
  'console=',
  'cpu=',
  'dfu_alt_info=',
  'ethact=',
  'eth1addr=',
  'ethprime=',
  'fdt_addr=',
  'fdt_high=',
  'fdtaddr=',
  'fileaddr=',
  'filesize=',
  'gatewayip=',
  'hostname=',
  'initrd_high=',
  'kernel_addr=',
  'loadaddr=',
  'mtdids=',
  'mtdparts=',
  'netmask=',
  'nfsboot=',
  'preboot=',
  'ramboot=',
  'serverip=',
  'serial#=',
  'stderr=',
  'stdin=',
  'stdout=',
  'tftpboot=',
  'ver=',
  'verify=',
  'wlanaddr=',
];

export const ubootEnvironment: Unpacker = {
  id: 'image/uboot-environment',
  title: 'U-Boot environment',
  class: 'leaf',
  magic: FIRST.flatMap((text) => [4, 5].map((at) => ({ bytes: [...Buffer.from(text)], at }))),
  // Others may come first: what lies between other things is asked, too.
  whole: true,
  locate(blob, offset) {
    for (const prefix of [5, 4] as const) {
      if (!isVariable(blob.read(offset + prefix, 32))) continue;
      const size = sizeAt(blob, offset, prefix);
      if (size === undefined) continue;
      return {
        start: offset,
        end: offset + size,
        note: prefix === 5 ? 'CRC-32 right, redundant copy' : 'CRC-32 right',
      };
    }
    return undefined;
  },
};
