/** Where update clients keep the keys that they trust: places of their own, and what their configurations name. */

export interface Place {
  readonly tool: string;
  /** Absolute in the root. */
  readonly path: string;
  /** Every file in it. */
  readonly folder?: true;
}

/** Files that are trusted because of where they lie. */
const OWN: readonly (readonly [RegExp, string])[] = [
  [/^\/etc\/opkg\/keys\/[^/]+$/, 'opkg'],
  [/^\/etc\/apk\/keys\/[^/]+$/, 'apk'],
  [/^\/etc\/apt\/trusted\.gpg(\.d\/[^/]+\.(gpg|asc))?$/, 'apt'],
  [/^(\/system)?\/etc\/security\/otacerts\.zip\/[^/]+\.pem$/, 'android-ota'],
];

export const ownerOf = (name: string): string | undefined => OWN.find(([pattern]) => pattern.test(name))?.[1];

/** Configurations that name keys. */
const CONFIGURATIONS: readonly (readonly [RegExp, (text: string, name: string) => readonly Place[]])[] = [
  [/^(\/etc|\/usr\/lib)\/rauc\/system\.conf$/, raucPlaces],
  [/^\/etc\/swupdate\.cfg$/, swupdatePlaces],
  [/^(\/etc|\/data|\/var\/lib)\/mender\/mender\.conf$/, menderPlaces],
  [/^\/etc\/apt\/sources\.list(\.d\/[^/]+\.(list|sources))?$/, aptPlaces],
  [/^(\/etc|\/usr\/lib|\/lib)\/(init\.d|rc\.d|systemd\/system|swupdate|swupdate\/conf\.d)\//, swupdateOptions],
];

export const isConfiguration = (name: string): boolean => CONFIGURATIONS.some(([pattern]) => pattern.test(name));

export const placesIn = (name: string, text: string): readonly Place[] =>
  CONFIGURATIONS.find(([pattern]) => pattern.test(name))?.[1](text, name) ?? [];

/** `[keyring]` of RAUC: `path=` and `directory=`, relative to the folder of system.conf. */
function raucPlaces(text: string, name: string): readonly Place[] {
  const found: Place[] = [];
  let section = '';
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    section = /^\[([^\]]{1,80})\]$/.exec(line)?.[1] ?? section;
    const [, key, value] = /^(path|directory)\s*=\s*(\S.*)$/.exec(line) ?? [];
    if (section !== 'keyring' || key === undefined || value === undefined) continue;
    const path = value.startsWith('/') ? value : `${name.slice(0, name.lastIndexOf('/'))}/${value}`;
    found.push({ tool: 'rauc', path, ...(key === 'directory' ? { folder: true as const } : {}) });
  }
  return found;
}

function swupdatePlaces(text: string): readonly Place[] {
  return live(text, /^\s*(#|\/\/)/).flatMap((line) => {
    const path = /\b(?:public-key-file|ca-path)\s*[=:]\s*"(\/[^"]{1,300})"/.exec(line)?.[1];
    return path === undefined ? [] : [{ tool: 'swupdate', path }];
  });
}

/** `swupdate -k FILE` in what starts it. */
function swupdateOptions(text: string): readonly Place[] {
  return live(text, /^\s*#/).flatMap((line) => {
    if (!/\bswupdate\b|SWUPDATE_\w*ARGS/i.test(line)) return [];
    const path = /\s["']?(?:-k|--key)[ =]["']?(\/[^\s"';]{1,300})/.exec(line)?.[1];
    return path === undefined ? [] : [{ tool: 'swupdate', path }];
  });
}

function menderPlaces(text: string): readonly Place[] {
  let stated: { readonly [key: string]: unknown };
  try {
    stated = JSON.parse(text) as typeof stated;
  } catch {
    // Mender does not start with it either.
    return [];
  }
  const many = stated?.['ArtifactVerifyKeys'];
  return [stated?.['ArtifactVerifyKey'], ...(Array.isArray(many) ? many : [])].flatMap((path) =>
    typeof path === 'string' && path !== '' ? [{ tool: 'mender', path }] : [],
  );
}

/** `[signed-by=FILE]` of lines, `Signed-By: FILE` of stanzas. */
function aptPlaces(text: string): readonly Place[] {
  return live(text, /^\s*#/).flatMap((line) =>
    (/(?:\bsigned-by=|^Signed-By:\s*)(\/[^\s\]]{1,300})/i.exec(line)?.[1] ?? '')
      .split(',')
      .flatMap((path) => (path.startsWith('/') ? [{ tool: 'apt', path }] : [])),
  );
}

function live(text: string, comment: RegExp): readonly string[] {
  return text
    .split('\n')
    .slice(0, 20_000)
    .filter((line) => !comment.test(line))
    .map((line) => line.slice(0, 2000));
}
