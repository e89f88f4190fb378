#!/usr/bin/env bash
# The main step of the GitHub action: inputs come as ASSAY_* variables (lists one item a line), so that no text of a
# workflow is ever read as shell. Reports go to a folder, annotations to the log, the summary to the run's page.
set -u -o pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
folder=${ASSAY_FOLDER:-assay-report}
arguments=()

# each FLAG LINES: the flag once for each line that is not blank.
each() {
  local line
  while IFS= read -r line || [ -n "$line" ]; do
    line="${line#"${line%%[![:space:]]*}"}"
    line="${line%"${line##*[![:space:]]}"}"
    [ -z "$line" ] || arguments+=("$1" "$line")
  done <<<"$2"
}

each --firmware "${ASSAY_FIRMWARE:-}"
each --update "${ASSAY_UPDATE:-}"
each --name "${ASSAY_NAME:-}"
each --device "${ASSAY_DEVICE:-}"
each --key "${ASSAY_KEY:-}"
each --baseline "${ASSAY_BASELINE:-}"
each --declaration "${ASSAY_DECLARATION:-}"
each --waivers "${ASSAY_WAIVERS:-}"
each --against "${ASSAY_AGAINST:-}"
each --fail-on "${ASSAY_FAIL_ON:-}"
[ "${ASSAY_STRICT:-false}" != true ] || arguments+=(--strict)

mkdir -p "$folder"
node "$here/bin/assay.js" scan ${arguments[@]+"${arguments[@]}"} --report text --report github \
  --report "json=$folder/assay.json" --report "sarif=$folder/assay.sarif" --report "junit=$folder/assay.xml" \
  --report "html=$folder/assay.html" --report "markdown=$folder/assay.md"
code=$?

# GitHub shows suppressed results as open alerts: what was waived stays in the other reports and is not uploaded.
if [ -f "$folder/assay.sarif" ]; then
  node -e 'const fs = require("node:fs"), file = process.argv[1], log = JSON.parse(fs.readFileSync(file, "utf8"));
for (const run of log.runs) run.results = run.results.filter((one) => one.suppressions === undefined);
fs.writeFileSync(file, JSON.stringify(log));' "$folder/assay.sarif"
fi

# A step's summary may hold 1 MiB.
if [ -n "${GITHUB_STEP_SUMMARY:-}" ] && [ -f "$folder/assay.md" ]; then
  head -c 700000 "$folder/assay.md" >>"$GITHUB_STEP_SUMMARY"
  # What a ratchet counts is what changed, not what the report says of the whole.
  if [ -n "${ASSAY_AGAINST:-}" ] && [ -f "$folder/assay.json" ]; then
    { echo; node "$here/bin/assay.js" diff "$ASSAY_AGAINST" "$folder/assay.json" --markdown | head -c 250000; } >>"$GITHUB_STEP_SUMMARY"
  fi
fi
if [ -n "${GITHUB_OUTPUT:-}" ]; then
  {
    echo "exit-code=$code"
    echo "folder=$folder"
    [ ! -f "$folder/assay.sarif" ] || echo "sarif=$folder/assay.sarif"
  } >>"$GITHUB_OUTPUT"
fi
exit "$code"
