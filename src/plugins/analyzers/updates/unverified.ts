/** What switches the verification of certificates off, on one line of a script or a configuration. */

const UNVERIFIED: readonly (readonly [RegExp, string])[] = [
  [/\bcurl\b[^|;#\n]*?\s(-[a-jl-zA-Z]*k[a-zA-Z]*|--insecure)(?=\s|$|")/, 'curl --insecure'],
  [/\bwget\b[^|;#\n]*--no-check-certificate/, 'wget --no-check-certificate'],
  [/\buclient-fetch\b[^|;#\n]*--no-check-certificate/, 'uclient-fetch --no-check-certificate'],
  [
    /SSL_VERIFYPEER\s*,\s*(0|false|FALSE)|(?<!\w)verify\s*=\s*False\b|CERT_NONE\b|rejectUnauthorized["']?\s*[:=]\s*false\b/,
    'verification off in a program text',
  ],
  // Options that are gathered in a variable before the command: only these tools know this one.
  [/^[^#]*\s--no-check-certificate(?=[\s"'`;)]|$)/, 'wget --no-check-certificate'],
  [/NODE_TLS_REJECT_UNAUTHORIZED["']?\]?\s*=\s*["']?0/, 'NODE_TLS_REJECT_UNAUTHORIZED=0'],
  [/\bmosquitto_(pub|sub|rr)\b[^|;#\n]*\s--insecure\b/, 'mosquitto clients with --insecure'],
  [/\bhttp\.sslVerify[= ]["']?(false|0|no)\b|\bGIT_SSL_NO_VERIFY=["']?(1|true)\b/i, 'git without verification'],
  [/^\s*option\s+no_check_certificate(\s+["']?(1|yes|true)["']?)?\s*$/, 'opkg without verification'],
  [
    /^\s*(check_certificate|ssl_verify|ssl-verify|verify_ssl|sslverify)\s*[=:]?\s*["']?(0|no|off|false)\b/i,
    'verification off in a configuration',
  ],
];

/** What each of these lines has: one search that costs little, before the many that cost more. */
const HINT = /curl|wget|uclient|verif|CERT_NONE|unauthorized|no[-_]check|check_cert|insecure/i;

/** The configuration of curl itself has options without their dashes (curl(1), -K). */
const CURL_FILE = /(^|\/)\.?_?curlrc$/;
/** Said, not done: the text of a message. */
const SAID = /^\s*(echo|printf|logger|log|print|die|usage)\b[^|;&`$]*$/;

/** How, in words; undefined for a line that leaves verification on. */
export function unverifiedIn(line: string, file: string): string | undefined {
  if (CURL_FILE.test(file) && /^\s*-{0,2}(insecure|k)\s*$/.test(line)) return 'curl --insecure';
  if (!HINT.test(line)) return undefined;
  if (SAID.test(line)) return undefined;
  return UNVERIFIED.find(([pattern]) => pattern.test(line))?.[1];
}
