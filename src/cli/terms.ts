/** The words of reports, baselines and waivers, for `assay explain`. */

export interface Term {
  readonly id: string;
  readonly title: string;
  readonly seeAlso: readonly string[];
}

const term = (id: string, title: string, ...seeAlso: readonly string[]): Term => ({ id, title, seeAlso });

export const TERMS: readonly Term[] = [
  term('pass', 'It was looked at, all that it speaks of was seen, and it holds.', 'inconclusive', 'vacuous'),
  term('fail', 'At least one observation contradicts it, whatever else was not seen.', 'finding', 'waived'),
  term(
    'inconclusive',
    'Nothing contradicts it, and not all was seen or judged; the reasons say why.',
    'gap',
    'not-given',
    'unattested',
    'unrefuted',
  ),
  term(
    'not-applicable',
    'The control does not speak of this product: a feature that it needs is absent, by a fact about the image or by declaration with its rationale.',
    'feature',
  ),
  term(
    'waived',
    'It failed or was not seen, and a waiver in force covers that; the report keeps what it would have been.',
    'waiver',
  ),
  term('error', 'A part of assay itself broke on it: a bug to be reported.', 'inconclusive'),
  term(
    'gap',
    'A reason for inconclusive: it was planned and tried, and could not be seen. Makes exit code 3.',
    'not-given',
  ),
  term(
    'not-given',
    'A reason for inconclusive: a device, file, key or permission that would settle it was not given; the report names the flag.',
    'gap',
  ),
  term(
    'unattested',
    'A reason for inconclusive: a person has to look, and has not said so in the declaration.',
    'attestation',
    'person',
  ),
  term('unrefuted', 'A reason for inconclusive: checks that can only fail it found nothing.', 'refute', 'attestation'),
  term(
    'vacuous',
    'A check that found nothing of what it speaks of, all having been seen: it is dropped, and neither passes nor fails.',
    'pass',
  ),
  term(
    'unit',
    'One piece of the proof of a control; it is decided or refuted by checks, or attested by a person.',
    'decide',
    'refute',
    'person',
  ),
  term('decide', 'The mark of a unit whose checks give pass and fail.', 'unit'),
  term('refute', 'The mark of a unit whose checks can only fail it; a person attests the rest.', 'unit', 'unrefuted'),
  term('person', 'The mark of a unit that no check bears on: a person looks and attests.', 'unit', 'attestation'),
  term(
    'attestation',
    "A person's word on a unit, in the declaration under baseline/control/unit: verdict, by, on, evidence. A fail that was seen outweighs it.",
    'unit',
  ),
  term(
    'feature',
    'Something that a product has or lacks, on which controls depend. Unknown counts as present.',
    'not-applicable',
  ),
  term(
    'mandatory',
    'The obligation that makes the outcome of a baseline; recommended and advisory controls are counted and shown.',
    'recommended',
    'advisory',
  ),
  term(
    'recommended',
    'An obligation: counted and shown, and it does not make the outcome of the baseline.',
    'mandatory',
  ),
  term('advisory', 'An obligation: told only; also what a control is at levels that do not ask for it.', 'mandatory'),
  term(
    'waiver',
    'A fail or gap that somebody accepts, in a file given with --waivers: control, kind, reason, approvedBy, expires; check and subject narrow it. Expired and unused ones are told.',
    'subject',
    'expires',
    'accepted-risk',
    'false-positive',
  ),
  term(
    'subject',
    'The part of the target that a result or waiver is about, by its name in the report: 192.0.2.7:443/tcp, fw.bin!squashfs/etc/shadow. A waiver without one covers every subject, and a note says so.',
    'waiver',
  ),
  term('expires', 'The last day on which a waiver counts, YYYY-MM-DD.', 'waiver'),
  term('accepted-risk', 'A kind of waiver: it is so, and somebody answers for it.', 'waiver', 'false-positive'),
  term(
    'false-positive',
    'A kind of waiver: it is not so, and the reason says how that was found out.',
    'waiver',
    'accepted-risk',
  ),
  term('finding', 'A result that fails on one subject, as exports to other tools call it.', 'fail'),
];
