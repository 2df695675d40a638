/** Which logs and witnesses suffice: the trust policy of c2sp.org/tlog-policy. */
import { toUtf8 } from "../bytes/utf8.ts";
import { equalBytes } from "../bytes/join.ts";
import { Failure } from "../failure.ts";
import { formatVkey, parseVkey, type VerifierKey } from "../note/vkey.ts";

/** A trust policy, as its file says it; {@link parseTrustPolicy} vouches for the rules between its parts. */
export interface TrustPolicy {
  /** Logs whose checkpoints are accepted; none where the logs are known from elsewhere. */
  readonly logs: readonly PolicyLog[];
  readonly witnesses: readonly PolicyWitness[];
  /** Each after its members. */
  readonly groups: readonly WitnessGroup[];
  /** Name of a witness or a group, or `none`: no cosignature is asked for. */
  readonly quorum: string;
}

export interface PolicyLog {
  /** Its name is the log's origin. */
  readonly key: VerifierKey;
  readonly url: string | null;
}

export interface PolicyWitness {
  /** What groups and the quorum call it; means nothing outside the file. */
  readonly name: string;
  /** One of the cosignature types. */
  readonly key: VerifierKey;
  readonly url: string | null;
}

export interface WitnessGroup {
  readonly name: string;
  /** Members needed: 1 to all of them, or in words. */
  readonly threshold: "all" | "any" | number;
  /** Names of witnesses and groups, at least one. */
  readonly members: readonly string[];
}

/** Longest file read. 32 logs and 32 witnesses with ML-DSA-44 keys take half of it. */
export const MAX_POLICY_BYTES = 256 * 1024;
/** Most lines read, comments and empty ones included. */
export const MAX_POLICY_LINES = 1024;

/** Members that `group` needs, in figures. */
export function thresholdOf({ threshold, members }: WitnessGroup): number {
  if (threshold === "any") return 1;
  return threshold === "all" ? members.length : threshold;
}

/** The policy's canonical text: logs, witnesses, groups, quorum; single spaces, no comments. */
export const formatTrustPolicy = ({ logs, witnesses, groups, quorum }: TrustPolicy): string =>
  [
    ...logs.map(({ key, url }) => ["log", formatVkey(key), ...optional(url)]),
    ...witnesses.map(({ name, key, url }) => ["witness", name, formatVkey(key), ...optional(url)]),
    ...groups.map(({ name, threshold, members }) => ["group", name, `${threshold}`, ...members]),
    ["quorum", quorum],
  ]
    .map((words) => `${words.join(" ")}\n`)
    .join("");

const optional = (url: string | null): readonly string[] => (url === null ? [] : [url]);

/**
 * Reads a trust policy. Comments, empty lines and further white space are allowed, and lost.
 *
 * Stricter than c2sp.org/tlog-policy where a count would lie: one key may not be a log's and a witness's, and several
 * keys of one key name may stand side by side, or in groups of which one suffices, but not where both would count.
 *
 * @param text  UTF-8, strictly decoded
 * @throws witness/malformed-policy naming the line
 */
export function parseTrustPolicy(text: string): TrustPolicy {
  const draft = new Draft();
  for (const [index, line] of linesOf(text).entries()) {
    const words = line.split(/[ \t]+/).filter((word) => word !== "");
    if (words.length === 0 || words[0]?.startsWith("#") === true) continue;
    try {
      draft.read(words);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      throw new Failure("witness/malformed-policy", `line ${index + 1}: ${error.message}`, { cause: error });
    }
  }
  return draft.finish();
}

function linesOf(text: string): readonly string[] {
  if (text.length > MAX_POLICY_BYTES || toUtf8(text).length > MAX_POLICY_BYTES) {
    refuse(`a trust policy has at most ${MAX_POLICY_BYTES} bytes`);
  }
  // tlog-policy: "The only allowed control characters are tab and newline"; 0x7F is outside of 0x20-0x7E as well.
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (!text.isWellFormed() || /[\u0000-\u0008\u000b-\u001f\u007f]/.test(text)) {
    refuse("a trust policy is text without control characters other than tab and newline");
  }
  const lines = text.split("\n");
  // tlog-policy: "each line is terminated by ASCII newline"; a cut-off line could name another quorum.
  if (lines.pop() !== "") refuse("the last line does not end with a newline");
  if (lines.length > MAX_POLICY_LINES) refuse(`${lines.length} lines, at most ${MAX_POLICY_LINES} are read`);
  return lines;
}

/** What a name stands for, and the key names under it: who would count. */
interface Definition {
  readonly kind: "witness" | "group";
  readonly keyNames: ReadonlySet<string>;
}

/** A trust policy while it is read, line by line. */
class Draft {
  readonly #logs: PolicyLog[] = [];
  readonly #witnesses: PolicyWitness[] = [];
  readonly #groups: WitnessGroup[] = [];
  readonly #defined = new Map<string, Definition>();
  readonly #members = new Set<string>();
  #quorum: string | undefined;

  read(words: readonly string[]): void {
    const [directive = "", ...rest] = words;
    switch (directive) {
      case "log":
        return this.#readLog(rest);
      case "witness":
        return this.#readWitness(rest);
      case "group":
        return this.#readGroup(rest);
      case "quorum":
        return this.#readQuorum(rest);
      default:
        refuse(`"${directive}" is none of log, witness, group, quorum`);
    }
  }

  finish(): TrustPolicy {
    if (this.#quorum === undefined) refuse("no quorum line: want one, quorum none where no witness is asked for");
    return { logs: this.#logs, witnesses: this.#witnesses, groups: this.#groups, quorum: this.#quorum };
  }

  #readLog([vkey, ...rest]: readonly string[]): void {
    const [url = null, extra] = rest;
    if (vkey === undefined || extra !== undefined) refuse("want log VKEY [URL]");
    const key = parseVkey(vkey);
    this.#requireNewKey(key);
    const witness = this.#witnesses.find((each) => each.key.name === key.name);
    if (witness !== undefined) refuse(`the log ${key.name} has the key name of witness "${witness.name}"`);
    this.#logs.push({ key, url });
  }

  #readWitness([name, vkey, ...rest]: readonly string[]): void {
    const [url = null, extra] = rest;
    if (name === undefined || vkey === undefined || extra !== undefined) refuse("want witness NAME VKEY [URL]");
    const key = parseVkey(vkey);
    if (key.type !== "ed25519-cosignature" && key.type !== "ml-dsa-44-cosignature") {
      refuse(`the key of witness "${name}" makes no cosignatures: it is ${key.type}`);
    }
    this.#requireNewKey(key);
    if (this.#logs.some((log) => log.key.name === key.name)) {
      refuse(`witness "${name}" has the key name of the log ${key.name}`);
    }
    this.#define(name, { kind: "witness", keyNames: new Set([key.name]) });
    this.#witnesses.push({ name, key, url });
  }

  #readGroup([name, words, ...members]: readonly string[]): void {
    if (name === undefined || words === undefined || members.length === 0) {
      refuse("want group NAME all|any|K MEMBER…");
    }
    const group: WitnessGroup = { name, threshold: readThreshold(words), members };
    const definitions = members.map((member) => this.#lookUp(member));
    for (const member of members) {
      if (this.#members.has(member)) refuse(`"${member}" is a group's member already`);
      this.#members.add(member);
    }
    this.#define(name, { kind: "group", keyNames: keyNamesOf(group, definitions) });
    this.#groups.push(group);
  }

  #readQuorum([name, ...rest]: readonly string[]): void {
    if (name === undefined || rest.length > 0) refuse("want quorum NAME, or quorum none");
    if (this.#quorum !== undefined) refuse("a second quorum line");
    if (name !== "none") this.#lookUp(name);
    this.#quorum = name;
  }

  #define(name: string, definition: Definition): void {
    if (name === "none") refuse(`"none" is the empty quorum: nothing else has this name`);
    if (this.#defined.has(name)) refuse(`"${name}" is defined already`);
    this.#defined.set(name, definition);
  }

  #lookUp(name: string): Definition {
    return this.#defined.get(name) ?? refuse(`"${name}" is not the name of a witness or group defined above`);
  }

  /** tlog-policy: vkeys are duplicates "if they wrap the same underlying public key", whatever name they give it. */
  #requireNewKey({ name, keyId, publicKey }: VerifierKey): void {
    for (const { key } of [...this.#logs, ...this.#witnesses]) {
      if (equalBytes(key.publicKey, publicKey)) refuse(`the public key of ${name} is that of ${key.name} above`);
      if (key.name === name && key.keyId === keyId) refuse(`${name}+${keyId} names another key above`);
    }
  }
}

function readThreshold(words: string): WitnessGroup["threshold"] {
  if (words === "all" || words === "any") return words;
  if (!/^[1-9][0-9]{0,5}$/.test(words)) refuse(`"${words}" is none of all, any, or a number from 1`);
  return Number(words);
}

/**
 * Key names under a group. Witnesses side by side with one key name are one operator's keys and count once; anywhere
 * else a name that turns up twice would count twice, unless one member suffices.
 */
function keyNamesOf(group: WitnessGroup, members: readonly Definition[]): ReadonlySet<string> {
  const threshold = thresholdOf(group);
  const keyNames = new Map<string, Definition["kind"]>();
  let counting = 0;
  for (const { kind, keyNames: own } of members) {
    const again = [...own].filter((name) => keyNames.has(name));
    const sideBySide = kind === "witness" && again.every((name) => keyNames.get(name) === "witness");
    if (again.length > 0 && !sideBySide && threshold > 1) {
      refuse(`group "${group.name}" would count the keys of ${again.join(", ")} more than once`);
    }
    if (again.length === 0 || kind === "group") counting += 1;
    for (const name of own) keyNames.set(name, kind === "group" ? kind : (keyNames.get(name) ?? kind));
  }
  if (threshold > counting) {
    refuse(`group "${group.name}" needs ${threshold} members, and has ${counting} of different key names`);
  }
  return new Set(keyNames.keys());
}

function refuse(message: string): never {
  throw new Failure("witness/malformed-policy", message);
}
