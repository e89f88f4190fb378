/** Compiles the LZMA decoder to WebAssembly and writes it as a module of ours: `node scripts/build-wasm.js [--check]`. */
import { readFileSync, writeFileSync } from 'node:fs';
import asc from 'assemblyscript/asc';
import { lzmaSource } from './lzma-source.js';

const target = new URL('../src/codecs/compression/lzma-wasm.ts', import.meta.url);

export async function lzmaModule() {
  let binary;
  const { error, stderr } = await asc.main(
    [
      'lzma.ts',
      '--outFile',
      'lzma.wasm',
      '-O3',
      '--converge',
      '--runtime',
      'stub',
      '--noAssert',
      '--initialMemory',
      '2',
    ],
    {
      readFile: (name) => (name === 'lzma.ts' ? lzmaSource() : null),
      writeFile: (name, contents) => {
        if (name.endsWith('.wasm')) binary = contents;
      },
      listFiles: () => [],
    },
  );
  if (error !== null || binary === undefined) throw new Error(`${error?.message}\n${stderr.toString()}`);
  const text = Buffer.from(binary)
    .toString('base64')
    .replace(/.{1,110}/g, "\n  '$&' +")
    .slice(0, -2);
  return `/** The LZMA decoder as WebAssembly, written by scripts/build-wasm.js from scripts/lzma-source.js. */\n\nexport const LZMA_WASM: string =${text};\n`;
}

const module = await lzmaModule();
if (!process.argv.includes('--check')) writeFileSync(target, module);
else if (readFileSync(target, 'utf8') !== module) {
  process.stderr.write('src/codecs/compression/lzma-wasm.ts is not what scripts/build-wasm.js makes\n');
  process.exitCode = 1;
}
